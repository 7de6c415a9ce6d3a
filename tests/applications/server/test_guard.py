"""Which requests are let in at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from idiolect.core.errors import BadInput

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

HELLO = {"model": "small", "messages": [{"role": "user", "content": "hello"}], "user": "ann"}
CHAT = "/v1/chat/completions"


def test_a_foreign_name_that_was_rebound_to_this_machine_is_refused(relay: Running) -> None:
    for host in ("evil.example:8321", "127.0.0.1:80", "127.0.0.1", "localhost.evil.example:8321", "[::1"):
        answer = relay.http.post(CHAT, json=HELLO, headers={**relay.bearer, "host": host})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "host")
    assert not relay.stub.seen


def test_the_names_of_this_machine_are_let_in(relay: Running) -> None:
    for host in ("localhost:8321", "127.0.0.1:8321", "[::1]:8321"):
        assert relay.http.post(CHAT, json=HELLO, headers={**relay.bearer, "host": host}).status_code == 200


def test_a_foreign_page_is_refused_and_told_nothing_by_cors(relay: Running) -> None:
    for origin in ("https://evil.example", "http://127.0.0.1:9999", "null"):
        answer = relay.http.post(CHAT, json=HELLO, headers={**relay.bearer, "origin": origin})
        assert answer.status_code == 403
        assert not any(name.startswith("access-control") for name in answer.headers)


def test_our_own_page_may_ask(relay: Running) -> None:
    own = {**relay.bearer, "origin": "http://127.0.0.1:8321", "sec-fetch-site": "same-origin"}
    assert relay.http.post(CHAT, json=HELLO, headers=own).status_code == 200


def test_a_preflight_of_another_site_gets_no_leave(relay: Running) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}
    assert relay.http.options(CHAT, headers=asked).status_code == 403


def test_a_form_cannot_post(relay: Running) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", ""):
        answer = relay.http.post(CHAT, content=b"{}", headers={**relay.bearer, "content-type": kind})
        assert answer.status_code == 415


def test_without_the_token_nothing_is_answered(relay: Running) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer "},
    ):
        answer = relay.http.get("/v1/models", headers=headers)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


def test_trusting_the_machine_asks_for_no_token_but_still_for_its_name(opened: Opener) -> None:
    door = opened(upstream=True, trust_local=True)
    assert door.http.get("/v1/models").status_code == 200
    assert door.http.get("/v1/models", headers={"host": "evil.example:8321"}).status_code == 403


def test_other_machines_are_not_served_without_keys(opened: Opener) -> None:
    with pytest.raises(BadInput, match="keys create"):
        opened(upstream=True, server={"host": "0.0.0.0"})


def test_a_body_beyond_the_limit_is_refused_whether_or_not_it_says_its_length(opened: Opener) -> None:
    door = opened(upstream=True, server={"body": 1000})
    heavy = {**HELLO, "messages": [{"role": "user", "content": "x" * 2000}]}
    json = {**door.bearer, "content-type": "application/json"}
    assert door.http.post(CHAT, json=heavy, headers=door.bearer).status_code == 413
    pieces = (b"x" * 100 for _ in range(30))
    assert door.http.post(CHAT, content=pieces, headers=json).status_code == 413


def test_every_answer_bears_a_strict_policy(relay: Running) -> None:
    answer = relay.http.get("/v1/models", headers=relay.bearer)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"


def test_what_is_no_json_object_is_refused_in_openais_shape(relay: Running) -> None:
    for content in (b"", b"[]", b"{", b"[" * 10_000, b"\xff"):
        headers = {**relay.bearer, "content-type": "application/json"}
        answer = relay.http.post(CHAT, content=content, headers=headers)
        assert answer.status_code == 400
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


def test_unknown_paths_and_methods_are_refused_in_openais_shape(relay: Running) -> None:
    assert relay.http.get("/v1/none", headers=relay.bearer).json()["error"]["code"] == "not_found"
    assert relay.http.get(CHAT, headers=relay.bearer).json()["error"]["code"] == "method_not_allowed"
