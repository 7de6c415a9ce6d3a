"""Bodies that nobody means well: refused by name, and the door goes on for everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel

JSON = {"content-type": "application/json"}
START = b'{"model": "small", "messages": [{"role": "user", "content": "hi"}], '
UNFIT = {400, 401, 403, 404, 405, 409, 413, 415, 422, 429}


def post(door: Running, raw: bytes, path: str = "/v1/chat/completions") -> Any:
    return door.http.post(path, content=raw, headers={**door.bearer, **JSON})


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"a":' * 50_000, 400),
        (START + b'"metadata": ' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, 400),
        (START + b'"temperature": NaN}', 400),
        (START + b'"temperature": -Infinity}', 400),
        (START + b'"seed": ' + b"9" * 5000 + b"}", 400),
        (b'{"model": "small", "messages": [{"role": "user", "content": "\\ud800"}]}', 400),
        (b"\xff\xfe{}", 400),
        (b"", 400),
        (b"null", 400),
        (START + b'"user": 7}', 400),
        (START + b'"user": "' + b"a" * 2000 + b'"}', 400),
        (START + b'"idiolect": {"strength": 1e999}}', 400),
        (START + b'"idiolect": {"budget": -1}}', 400),
        (START + b'"metadata": "' + b"x" * (9 * 2**20) + b'"}', 413),
    ],
)
def test_a_hostile_body_is_refused_and_the_next_is_answered(relay: Running, raw: bytes, status: int) -> None:
    found = post(relay, raw)
    assert (found.status_code, set(found.json()["error"])) == (status, {"message", "type", "param", "code"})
    assert relay.stub.seen == []
    assert post(relay, START[:-2] + b"}").status_code == 200


@pytest.mark.parametrize(
    "more", [{"n": 16384}, {"max_tokens": 10**9}, {"stop": ["a"] * 10_000}, {"temperature": 1e300}]
)
def test_a_local_model_is_asked_for_nothing_beyond_bounds(opened: Opener, llama: HFModel, more: dict[str, Any]) -> None:
    door = opened(model=llama)
    body = {"model": "random-llama-0", "messages": [{"role": "user", "content": "hi"}], **more}
    found = door.http.post("/v1/chat/completions", json=body, headers=door.bearer)
    assert found.status_code == 400
    assert next(iter(more)) in found.json()["error"]["message"]


@pytest.mark.slow
def test_nothing_that_the_description_allows_or_forbids_breaks_the_door(relay: Running) -> None:
    described = relay.http.get("/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    for result in schema.get_all_operations():
        fuzz(relay, result.ok())
    assert relay.http.get("/healthz").status_code == 200


def fuzz(door: Running, operation: Any) -> None:
    """Requests to one operation, within its description and without; half of them about somebody who is there."""

    @hypothesis.settings(
        max_examples=20, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(case=operation.as_strategy(), real=st.booleans())
    def tried(case: Any, real: bool) -> None:
        ann = door.user("ann")
        if real and "id" in (case.path_parameters or {}):
            held = ann.get_all()["results"] or ann.add("hello")["results"]
            there = {"id": "ann", "memory": held[0]["id"] if held else "none"}
            case.path_parameters = {
                **case.path_parameters,
                **{k: v for k, v in there.items() if k in case.path_parameters},
            }
        sent = case.as_transport_kwargs(base_url="http://127.0.0.1:8321")
        headers = {**dict(sent.get("headers") or {}), **door.bearer}
        fields = {name: sent[name] for name in ("params", "json", "content") if sent.get(name) is not None}
        content = {"content": sent["data"]} if isinstance(sent.get("data"), (str, bytes)) else {}
        found = door.http.request(
            sent["method"], sent["url"], headers=headers, follow_redirects=False, **fields, **content
        )
        assert found.status_code < 300 or found.status_code in UNFIT | {499, 503}, (sent, found.text)
        if found.status_code >= 400:
            assert set(found.json()["error"]) == {"message", "type", "param", "code"}, sent

    tried()
