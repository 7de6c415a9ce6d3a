"""What whoever runs the server sees of it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import httpx
import pytest

from idiolect.core.errors import BadInput, UnknownName

if TYPE_CHECKING:
    from pathlib import Path

    from tests.applications.conftest import Opener, Running

CANARY = "canary-93bd"


def test_metrics_count_routes_and_methods_and_name_no_user(relay: Running, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="idiolect")
    relay.user(CANARY).add(f"my sister is {CANARY}")
    messages = [{"role": "user", "content": f"{CANARY} who is my sister?"}]
    relay.client().chat.completions.create(model="small", messages=messages, user=CANARY)
    relay.http.get(f"/v1/users/{CANARY}/memories", headers=relay.bearer)
    text = relay.http.get("/metrics", headers=relay.bearer).text
    assert 'idiolect_requests_total{route="/v1/chat/completions",status="200"} 1.0' in text
    assert 'idiolect_requests_total{route="/v1/users/{id}/memories",status="200"} 1.0' in text
    assert 'idiolect_methods_total{method="ipa"} 1.0' in text
    assert CANARY not in text
    assert CANARY not in caplog.text


def test_metrics_ask_for_a_credential_and_health_does_not(relay: Running) -> None:
    assert relay.http.get("/metrics").status_code == 401
    assert relay.http.get("/healthz").json() == {"status": "ok"}


def test_a_server_whose_upstream_fails_is_not_ready(relay: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    assert relay.http.get("/readyz").status_code == 200
    monkeypatch.setattr("idiolect.applications.server.answering.upstream.WAIT", 0.001)
    relay.stub.failures = [httpx.Response(500)] * 9
    for _ in range(2):
        relay.http.post("/v1/chat/completions", json=hello(), headers=relay.bearer)
    found = relay.http.get("/readyz")
    assert (found.status_code, found.json()["failing"]) == (503, ["upstream"])


def test_settings_come_from_file_environment_and_command_in_this_order(tmp_path: Path) -> None:
    from idiolect.applications.server.settings import load

    file = tmp_path / "door.toml"
    file.write_text('[server]\nport = 1\nspace = "a"\n[pipeline]\nbudget = 7\n[methods.ipa]\nk = 9\n')
    found = load(file, {"IDIOLECT_SERVER_PORT": "2", "IDIOLECT_PIPELINE_BUDGET": "8"}, server={"port": 3})
    assert (found.server.port, found.server.space, found.pipeline.budget) == (3, "a", 8)
    assert found.methods == {"ipa": {"k": 9}}


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("[servr]", UnknownName, "server"),
        ("[server]\nprt = 1", UnknownName, "port"),
        ("[server]\nport = 'x'", BadInput, "int"),
        ("[pipeline]\nstrength = 2", BadInput, "from 0 to 1"),
        ("[pipeline]\ndegrade = 'x'", UnknownName, "drop"),
        ("[", BadInput, "TOML"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_with_the_fix(
    tmp_path: Path, text: str, error: type[Exception], says: str
) -> None:
    from idiolect.applications.server.settings import load

    file = tmp_path / "door.toml"
    file.write_text(text)
    with pytest.raises(error, match=says):
        load(file, {})


def test_methods_take_their_options_from_the_settings(opened: Opener) -> None:
    door = opened(upstream=True, methods={"ipa": {"k": 1}})
    for i in range(3):
        door.user("ann").add(f"my sister has {i} dogs")
    answer = door.client().chat.completions.create(
        model="small", messages=[{"role": "user", "content": "my sister?"}], user="ann"
    )
    assert len(answer.idiolect["sources"]) == 1


def hello() -> dict[str, object]:
    return {"model": "small", "messages": [{"role": "user", "content": "hello"}]}
