"""Who is speaking, and whom he reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from fastapi import Request
from openai import APIStatusError, AuthenticationError, PermissionDeniedError, RateLimitError

from idiolect.applications.server.speakers.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

    from tests.applications.conftest import Opener, Running

CANARY = "canary-7f3a"


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    """Keys of the home that the doors of a test open."""
    return Keys(tmp_path / "home")


def ask(door: Running, key: str, text: str = "hello there", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return door.client(key).chat.completions.create(model="small", messages=messages, **more)


def get(door: Running, key: str, path: str, method: str = "GET", **more: Any) -> httpx2.Response:
    return door.http.request(method, f"/v1/users/{path}", headers={"Authorization": f"Bearer {key}"}, **more)


def test_an_app_key_acts_for_the_user_in_the_field_that_it_names(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", field="metadata.person", scopes=["chat", "memory:read", "memory:write", "users:create"])
    door = opened(upstream=True)
    answer = ask(door, key, user="somebody", metadata={"person": "ann", "run": "7"})
    assert answer.idiolect["user"] == "ann"
    assert door.service.space("default").users() == ("ann",)
    assert door.stub.seen[0]["user"] == "somebody"
    assert door.stub.seen[0]["metadata"] == {"run": "7"}


def test_an_unknown_user_under_a_key_that_may_not_create_is_nobody(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app")
    door = opened(upstream=True)
    assert ask(door, key, user="stranger").idiolect["user"] is None
    assert door.service.space("default").users() == ()


def test_a_quota_bounds_the_users_that_a_key_creates(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", quota=2, scopes=["chat", "memory:write", "users:create"])
    door = opened(upstream=True)
    for user in ("a", "b", "c", "a"):
        ask(door, key, user=user)
    assert door.service.space("default").users() == ("a", "b")


def test_a_quota_holds_for_requests_at_once(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", quota=2, scopes=["chat", "memory:write", "users:create"])
    door = opened(upstream=True)
    speaker = door.service.door.speaker(
        Request({"type": "http", "headers": [(b"authorization", b"Bearer " + key.encode())]})
    )
    allowed = [name for name in "abcd" if door.service.person(speaker, name)]  # all ask before any is there
    assert allowed == ["a", "b"]
    ask(door, key, user="a")
    assert door.service.person(speaker, "b") is not None
    assert door.service.person(speaker, "c") is None


@pytest.mark.parametrize(("scopes", "status"), [(["memory:write"], 403), (["memory:write", "memory:read"], 200)])
def test_a_login_allows_no_more_than_the_key_that_gave_its_link(
    opened: Opener, keys: Keys, scopes: list[str], status: int
) -> None:
    _, key = keys.create("app", scopes=scopes)
    door = opened(upstream=True)
    door.user("ann").add(CANARY)
    link = get(door, key, "ann/login-link", "POST", json={}).json()["url"]
    door.http.get(link, follow_redirects=False)
    assert door.http.get("/v1/users/ann/memories").status_code == status


def test_a_user_key_needs_no_name_and_bears_no_other(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("user", user="ann")
    door = opened(upstream=True)
    assert ask(door, key).idiolect["user"] == "ann"
    assert ask(door, key, "more", user="ann").idiolect["user"] == "ann"
    with pytest.raises(PermissionDeniedError, match="another user"):
        ask(door, key, user="bob")


def test_a_key_opens_one_space(opened: Opener, keys: Keys) -> None:
    scopes = ["chat", "memory:read", "memory:write", "users:create"]
    (_, shop), (_, work) = (keys.create("app", space=space, scopes=scopes) for space in ("shop", "work"))
    door = opened(upstream=True)
    ask(door, shop, f"my sister is {CANARY}", user="ann")
    assert ask(door, work, "my sister?", user="ann").idiolect["sources"] == []
    assert get(door, work, "ann/memories").json()["total"] == 1
    assert CANARY not in str(door.stub.seen[1:])


def test_an_operator_reads_no_content(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("operator")
    door = opened(upstream=True)
    door.user("ann").add("my sister")
    listed = door.http.get("/v1/users", headers={"Authorization": f"Bearer {key}"})
    assert [u["id"] for u in listed.json()["users"]] == ["ann"]
    for path in ("ann/memories", "ann/profile", "ann/answers", "ann/export", "ann/audit"):
        assert get(door, key, path).status_code == 403
    with pytest.raises(PermissionDeniedError):
        ask(door, key, user="ann")


def test_a_scope_that_lacks_memory_reads_and_writes_nothing(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=["chat"])
    door = opened(upstream=True)
    door.user("ann").add("my sister Anna")
    assert ask(door, key, "my sister?", user="ann").idiolect["sources"] == []
    assert door.turns("ann") == ["my sister Anna"]


def test_to_write_is_not_to_read(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=["chat", "memory:write"])
    door = opened(upstream=True)
    door.user("ann").add("my sister Anna")
    assert ask(door, key, "my sister?", user="ann").idiolect["sources"] == []
    assert len(door.turns("ann")) == 2


def test_a_key_is_held_to_its_rate(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", per_minute=2)
    door = opened(upstream=True)
    ask(door, key)
    ask(door, key)
    with pytest.raises(RateLimitError) as error:
        ask(door, key)
    assert 1 <= int(error.value.response.headers["retry-after"]) <= 31


def test_a_login_is_held_to_the_rate_of_the_key_that_gave_its_link(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", per_minute=4)
    door = opened(upstream=True)
    for user in ("ann", "bob"):
        door.user(user).add("hello")
    sessions = [entered(door, key, user) for user in ("ann", "bob")]  # two of the four
    door.http.cookies.clear()
    status = [get(door, s, "ann/memories").status_code for s in (sessions[0], sessions[0], *sessions)]
    assert status == [200, 200, 429, 429]


def test_a_login_is_answered_by_the_pipeline_of_its_key(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", pipeline="pag")
    door = opened(upstream=True)
    door.user("ann").add("my sister Anna")
    assert ask(door, entered(door, key)).idiolect["pipeline"] == "pag"


def test_a_key_carries_its_pipeline_strength_and_budget(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", pipeline="ipa", strength=0.5, budget=80)
    door = opened(upstream=True)
    for i in range(4):
        door.user("ann").add(f"my sister has dog number {i}, and she walks with it in the park on all days of a week")
    answer = ask(door, key, "my sister?", user="ann").idiolect
    assert (answer["pipeline"], answer["strength"]) == ("ipa", 0.5)
    assert 0 < answer["tokens"]["personal"] <= 40
    ours = {"strength": 1.0, "budget": 10**6}  # a request may be more personal, but not longer
    more = ask(door, key, "my sister?", user="ann", extra_body={"idiolect": ours}).idiolect
    assert more["strength"] == 1.0
    assert 40 < more["tokens"]["personal"] <= 80


def test_a_key_without_strength_or_budget_is_answered_as_the_settings_say(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app")
    door = opened(upstream=True, pipeline={"strength": 0.25, "budget": 0})
    door.user("ann").add("my sister Anna")
    answer = ask(door, key, "my sister?", user="ann").idiolect
    assert (answer["strength"], answer["sources"]) == (0.25, [])


def test_a_revoked_key_is_turned_away_by_a_running_door(opened: Opener, keys: Keys) -> None:
    made, key = keys.create("app")
    keys.create("app")
    door = opened(upstream=True)
    ask(door, key)
    keys.revoke(made.id)
    with pytest.raises(AuthenticationError):
        ask(door, key)


def test_with_keys_the_local_token_and_no_token_open_nothing(opened: Opener, keys: Keys) -> None:
    keys.create("app")
    door = opened(upstream=True, trust_local=True)
    assert door.http.get("/v1/models").status_code == 401
    assert door.http.get("/v1/models", headers={"Authorization": "Bearer x"}).status_code == 401


def test_the_things_of_others_are_404_on_every_route(opened: Opener, keys: Keys) -> None:
    (_, ann), (_, bob) = (keys.create("user", user=name) for name in ("ann", "bob"))
    door = opened(upstream=True)
    answer = ask(door, ann, f"my sister is {CANARY}").idiolect["answer_id"]
    ask(door, bob, "hello")
    memory = get(door, ann, "ann/memories").json()["results"][0]["id"]
    routes = [
        ("GET", "ann/memories", None),
        ("GET", f"ann/memories/{memory}", None),
        ("GET", f"bob/memories/{memory}", None),
        ("PATCH", f"bob/memories/{memory}", {"text": "x"}),
        ("DELETE", f"bob/memories/{memory}", None),
        ("POST", "ann/memories", {"text": "x"}),
        ("GET", f"bob/answers/{answer}/explain", None),
        ("GET", f"ann/answers/{answer}/explain", None),
        ("DELETE", "ann", None),
        ("PUT", "ann/consents", {"consents": []}),
        ("PUT", "ann/preferences", {"preferences": []}),
        *(
            ("GET", f"ann/{what}", None)
            for what in ("profile", "preferences", "consents", "audit", "answers", "export")
        ),
    ]
    for method, path, body in routes:
        found = get(door, bob, path, method, json=body)
        assert (found.status_code, CANARY in found.text) == (404, False), (method, path)
    assert CANARY in get(door, ann, "ann/memories").text


def test_nothing_of_one_user_reaches_another_under_one_app_key(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=["chat", "memory:read", "memory:write", "users:create"])
    door = opened(upstream=True)
    users = [f"user-{i}" for i in range(8)]
    for user in users:
        ask(door, key, f"my sister is canary-{user}", user=user)
    for user in users:
        ask(door, key, "who is my sister?", user=user)
        seen = str(door.stub.seen[-1]["messages"])
        assert [other for other in users if f"canary-{other}" in seen] == [user]


def test_a_login_link_works_once_and_its_cookie_changes_nothing_without_a_csrf_token(
    opened: Opener, keys: Keys
) -> None:
    _, key = keys.create("app")
    door = opened(upstream=True)
    memory = door.user("ann").add("my sister Anna")["results"][0]["id"]
    link = get(door, key, "ann/login-link", "POST", json={}).json()["url"]
    came = door.http.get(link, follow_redirects=False)
    cookie = came.headers["set-cookie"]
    assert came.status_code == 303
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    session = door.http.get("/v1/session").json()
    assert session["user"] == "ann"
    path = f"/v1/users/ann/memories/{memory}"
    assert door.http.get(path).status_code == 200
    assert door.http.delete(path).json()["error"]["code"] == "csrf"
    assert door.http.delete(path, headers={"x-csrf-token": session["csrf"]}).status_code == 200
    assert door.http.get("/v1/users/bob/memories").status_code == 404
    door.http.cookies.clear()
    assert door.http.get(link, follow_redirects=False).status_code == 401


def test_a_login_ends_with_its_time(opened: Opener, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    _, key = keys.create("app")
    door = opened(upstream=True)
    door.user("ann").add("my sister Anna")
    link = get(door, key, "ann/login-link", "POST", json={}).json()["url"]
    monkeypatch.setattr("idiolect.applications.server.speakers.identity.LINK", -1)
    assert door.http.get(link, follow_redirects=False).status_code == 401


def test_an_id_may_hold_any_character(opened: Opener) -> None:
    from urllib.parse import quote

    door = opened(upstream=True, trust_local=True)
    for id in ("a/b", "100%", "%2F", "ä ö", "a?b#c", "猫"):
        door.user(id).add(f"I am {id}")
        found = door.http.get(f"/v1/users/{quote(id, safe='')}/memories")
        assert [m["memory"] for m in found.json()["results"]] == [f"I am {id}"]


def test_a_name_that_is_no_text_is_refused(opened: Opener) -> None:
    door = opened(upstream=True)
    with pytest.raises(APIStatusError, match="user must be a text"):
        ask(door, door.token, extra_body={"user": 7})


def entered(door: Running, key: str, user: str = "ann") -> str:
    """The token of a session that a key's login link began; the client has its cookie."""
    link = get(door, key, f"{user}/login-link", "POST", json={}).json()["url"]
    door.http.get(link, follow_redirects=False)
    return str(door.http.cookies["idiolect_session"])


def test_a_cookie_that_was_stolen_opens_nothing_after_logout(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app")
    door = opened(upstream=True)
    door.user("ann").add("my sister Anna")
    other = entered(door, key)
    door.http.cookies.clear()
    stolen = entered(door, key)
    csrf = {"x-csrf-token": door.http.get("/v1/session").json()["csrf"]}
    assert door.http.post("/v1/logout", json={}, headers=csrf).status_code == 204
    door.http.cookies.clear()
    for way in ({"Cookie": f"idiolect_session={stolen}"}, {"Authorization": f"Bearer {stolen}"}):
        assert door.http.get("/v1/users/ann/memories", headers=way).status_code == 401
    assert get(door, other, "ann/memories").status_code == 200


def test_a_session_goes_with_the_key_that_asked_for_its_link(opened: Opener, keys: Keys) -> None:
    made, key = keys.create("app")
    keys.create("app")
    door = opened(upstream=True)
    door.user("ann").add("my sister Anna")
    session = entered(door, key)
    door.http.cookies.clear()
    grandchild = get(door, session, "ann/login-link", "POST", json={}).json()["url"]
    unused = get(door, key, "ann/login-link", "POST", json={}).json()["url"]
    assert get(door, session, "ann/memories").status_code == 200
    keys.revoke(made.id)
    assert get(door, session, "ann/memories").status_code == 401
    assert [door.http.get(link, follow_redirects=False).status_code for link in (unused, grandchild)] == [401, 401]
