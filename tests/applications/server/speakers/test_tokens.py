"""A token that an application gives to one user's own client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from openai import AuthenticationError, PermissionDeniedError, RateLimitError

from idiolect.applications.server.speakers.keys import Keys

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

CREATES = ["chat", "memory:read", "memory:write", "users:create"]


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "home")


def asked(door: Running, key: str, user: str = "ann", **body: Any) -> Any:
    return door.http.post(f"/v1/users/{user}/token", json=body, headers={"Authorization": f"Bearer {key}"})


def lent(door: Running, key: str, user: str = "ann", **body: Any) -> str:
    found = asked(door, key, user, **body)
    assert found.status_code == 200, found.text
    return str(found.json()["token"])


def say(door: Running, key: str, text: str = "my sister is Anna", **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return door.client(key).chat.completions.create(model="small", messages=messages, **more)


def test_the_official_client_is_one_user_with_it_and_no_other(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=CREATES)
    door = opened(upstream=True)
    door.user("bob").add("my sister is Berta")
    token = lent(door, key)
    assert say(door, token).idiolect["user"] == "ann"
    assert say(door, token, "who is my sister?").idiolect["sources"][0]["text"] == "my sister is Anna"
    with pytest.raises(PermissionDeniedError, match="another user"):
        say(door, token, user="bob")
    theirs = door.http.get("/v1/users/bob/memories", headers={"Authorization": f"Bearer {token}"})
    assert theirs.status_code == 404


def test_it_ends_by_itself(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=CREATES)
    now = [1_900_000_000.0]
    door = opened(upstream=True, clock=lambda: now[0])
    token = lent(door, key, expires_in=60)
    now[0] += 59
    say(door, token)
    now[0] += 2
    with pytest.raises(AuthenticationError):
        say(door, token)


def test_it_goes_with_its_key_and_with_a_logout(opened: Opener, keys: Keys) -> None:
    made, key = keys.create("app", scopes=CREATES)
    keys.create("app")
    door = opened(upstream=True)
    left, stays = lent(door, key), lent(door, key)
    assert door.http.post("/v1/logout", json={}, headers={"Authorization": f"Bearer {left}"}).status_code == 204
    with pytest.raises(AuthenticationError):
        say(door, left)
    say(door, stays)
    keys.revoke(made.id)
    with pytest.raises(AuthenticationError):
        say(door, stays)


def test_it_allows_what_was_asked_for_and_never_more_than_its_key(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=["chat", "memory:read"])
    door = opened(upstream=True)
    door.user("ann").add("my sister is Anna")
    assert asked(door, key).json()["scopes"] == ["chat", "memory:read"]
    assert asked(door, key, scopes=["memory:write"]).json()["error"]["code"] == "missing_scope"
    reads = {"Authorization": f"Bearer {lent(door, key, scopes=['memory:read'])}"}
    assert door.http.get("/v1/users/ann/memories", headers=reads).status_code == 200
    with pytest.raises(PermissionDeniedError):
        say(door, reads["Authorization"].removeprefix("Bearer "))
    for wrong in ({"expires_in": 10**6}, {"expires_in": 0}, {"scopes": ["admin"]}, {"scopes": []}, {"who": "bob"}):
        assert asked(door, key, **wrong).status_code == 400


def test_it_cannot_be_made_to_last_longer(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=CREATES)
    door = opened(upstream=True)
    token = lent(door, key, expires_in=1)
    assert asked(door, token).status_code == 403
    link = door.http.post("/v1/users/ann/login-link", json={}, headers={"Authorization": f"Bearer {token}"})
    assert link.status_code == 403


def test_a_stranger_gets_one_only_where_the_key_may_make_users(opened: Opener, keys: Keys) -> None:
    _, plain = keys.create("app")
    _, maker = keys.create("app", scopes=CREATES, quota=1)
    door = opened(upstream=True)
    assert asked(door, plain, "eve").status_code == 404
    assert asked(door, maker, "eve").status_code == 200
    assert asked(door, maker, "zoe").status_code == 404
    assert door.service.space("default").users() == ("eve",)


def test_what_holds_for_its_key_holds_for_it(opened: Opener, keys: Keys) -> None:
    given: dict[str, Any] = {"field": "metadata.person", "pipeline": "pag", "per_minute": 4}
    _, key = keys.create("app", scopes=CREATES, strength=0.5, **given)
    door = opened(upstream=True)
    token = lent(door, key)
    answer = say(door, token)
    assert (answer.idiolect["pipeline"], answer.idiolect["strength"]) == ("pag", 0.5)
    with pytest.raises(PermissionDeniedError):
        say(door, token, metadata={"person": "bob"})
    say(door, token)
    with pytest.raises(RateLimitError):
        say(door, token)  # the token's own requests were three: asking for it counted


@pytest.mark.parametrize("wrong", ["idt_", "idt_x", "idt_{token}x", "{token}"])
def test_what_is_none_opens_nothing(opened: Opener, keys: Keys, wrong: str) -> None:
    _, key = keys.create("app", scopes=CREATES)
    door = opened(upstream=True)
    token = lent(door, key).removeprefix("idt_")
    with pytest.raises(AuthenticationError):
        say(door, wrong.format(token=token))


def test_a_login_code_or_cookie_is_no_token(opened: Opener, keys: Keys) -> None:
    _, key = keys.create("app", scopes=CREATES)
    door = opened(upstream=True)
    lent(door, key)
    for what in ("login", "session"):
        code = door.service.door.ticket("default", "ann", what)
        with pytest.raises(AuthenticationError):
            say(door, f"idt_{code}")


def test_it_binds_even_where_no_token_is_asked_of_this_machine(opened: Opener) -> None:
    door = opened(upstream=True, trust_local=True)
    door.user("bob").add("hello")
    token = lent(door, "nothing", "ann")
    assert say(door, token).idiolect["user"] == "ann"
    with pytest.raises(PermissionDeniedError):
        say(door, token, user="bob")
