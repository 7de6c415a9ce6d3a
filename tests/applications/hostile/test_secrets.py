"""Keys and tokens: in no log line, error, span, metric or file; and no clock tells how near a guess is."""

from __future__ import annotations

import io
import re
import secrets
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from idiolect.applications.server.speakers.keys import Keys
from idiolect.cli import app
from idiolect.core.errors import BadInput, StoreError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    from tests.applications.conftest import Opener, Running

TRIES, ALPHA = 20_000, 0.01
SCOPES = ["chat", "memory:read", "memory:write", "users:create", "admin"]
ASKED = {"model": "small", "messages": [{"role": "user", "content": "hello"}], "user": "ann"}


def used(door: Running, said: list[str], monkeypatch: pytest.MonkeyPatch) -> str:
    """What a door answers to credentials as they come: good, bad, misplaced, and while it fails."""
    heard = []
    for one in said:
        headers = {"Authorization": f"Bearer {one}"}
        for method, path, body in (
            ("POST", "/v1/chat/completions", ASKED),
            ("POST", "/v1/chat/completions", {**ASKED, "stream": True}),
            ("GET", "/v1/users/ann/memories", None),
            ("GET", "/v1/users/zoe/memories", None),
            ("GET", "/v1/session", None),
            ("GET", f"/v1/models/{one}", None),
            ("GET", f"/{one}", None),
            ("GET", "/metrics", None),
        ):
            found = door.http.request(method, path, json=body, headers=headers)
            echo = "" if one in path else found.text  # a name that is not there may be repeated to who said it
            heard.append(f"{found.headers} {echo}")
        heard.append(door.http.get("/v1/session", headers={"Cookie": f"idiolect_session={one}"}).text)
    with monkeypatch.context() as patch:
        patch.setattr("idiolect.applications.server.answering.chat.kept", broken)
        for one in said:
            headers = {"Authorization": f"Bearer {one}"}
            heard.append(door.http.post("/v1/chat/completions", json={**ASKED, "stream": True}, headers=headers).text)
    return "\n".join(heard)


def broken(*_: Any) -> None:
    raise RuntimeError("odd")


@pytest.mark.slow
def test_no_secret_is_in_any_log_line_error_span_metric_setting_or_file(
    opened: Opener,
    tracer: TracerProvider,
    spans: InMemorySpanExporter,
    lines: io.StringIO,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = Keys(tmp_path / "home")
    made, key = keys.create("app", scopes=SCOPES)
    rotated = keys.rotate(keys.create("app")[0].id)
    revoked, gone = keys.create("app")
    keys.revoke(revoked.id)
    monkeypatch.setenv("OPENAI_API_KEY", upstream := f"sk-{secrets.token_hex(16)}")
    door = opened(upstream=True, tracer=tracer, telemetry={"logs": "requests"})
    bearer = {"Authorization": f"Bearer {key}"}
    token = door.http.post("/v1/users/ann/token", json={}, headers=bearer).json()["token"]
    session = door.service.door.ticket("default", "ann", "session")
    near = f"{key[:-4]}0000"
    held = [key, rotated, gone, near, token, session]
    heard = used(door, held, monkeypatch)
    assert door.stub.headers[-1]["authorization"] == f"Bearer {upstream}"
    shown = {
        "answers": heard,
        "log": lines.getvalue(),
        "metrics": door.service.metrics.text().decode(),
        "spans": "\n".join(span.to_json() for span in spans.get_finished_spans()),
        "upstream": f"{door.stub.seen} {[dict(h) for h in door.stub.headers]}".replace(upstream, ""),
        "settings": CliRunner().invoke(app, ["config", "show"]).output,
        "list": CliRunner().invoke(app, ["keys", "list", "--json", "--home", str(tmp_path / "home")]).output,
        "objects": f"{keys.list()} {keys.find(key)} {door.service.settings}",
        "files": "\n".join(p.read_bytes().decode("latin-1") for p in (tmp_path / "home").rglob("*") if p.is_file()),
    }
    assert "failed" in shown["log"]
    assert made.id in shown["list"]
    parts = {one.rpartition("_")[2] for one in (*held, upstream)}
    found = {where: [p[:6] for p in parts if p in text] for where, text in shown.items()}
    assert not any(found.values()), found
    assert not re.search(r"idk_[0-9a-f]+_[0-9a-f]{16}", "".join(shown.values()))


def test_no_exception_about_keys_quotes_one(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "home")
    _, key = keys.create("app")
    told = []
    for call in (lambda: keys.rotate(key), lambda: keys.revoke(key), lambda: keys.create("user", user=None, name=key)):
        with pytest.raises(BadInput) as error:
            call()
        told.append("".join(traceback.format_exception(error.value)))
    keys.close()
    (tmp_path / "home" / "keys.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError) as damaged:
        Keys(tmp_path / "home").find(key)
    told.append("".join(traceback.format_exception(damaged.value)))
    assert not any(key.rpartition("_")[2] in one for one in told)


def p_value(keys: Keys, key: str) -> float:
    """Of the hypothesis that a guess which begins like the key takes as long as one that does not."""
    from scipy.stats import mannwhitneyu

    start, _, secret = key.rpartition("_")
    near = f"{start}_{secret[:-1]}{'0' if secret[-1] != '0' else '1'}"
    times: dict[bool, list[int]] = {True: [], False: []}
    for i in range(TRIES):
        far = f"{start}_{secrets.token_hex(24)}"
        for close in (True, False) if i % 2 else (False, True):
            guess = near if close else far
            began = time.perf_counter_ns()
            keys.find(guess)
            times[close].append(time.perf_counter_ns() - began)
    return float(mannwhitneyu(times[True], times[False]).pvalue)


@pytest.mark.long
def test_a_guess_that_begins_like_a_key_takes_no_longer_than_any_other(tmp_path: Path) -> None:
    keys = Keys(tmp_path / "home")
    _, key = keys.create("app")
    found = sorted(p_value(keys, key) for _ in range(3))
    keys.close()
    assert found[1] > ALPHA, found
