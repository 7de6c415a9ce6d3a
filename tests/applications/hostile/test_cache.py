"""Cached prefixes of one user are of no use to another, and no client can make them so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

SALTED = {"cache_salt": True}


@pytest.fixture
def door(opened: Opener) -> Running:
    return opened(upstream=SALTED)


def salt(door: Running, user: str | None = "ann", **more: Any) -> Any:
    """What the upstream is told to keep a prompt's prefix under."""
    messages = [{"role": "user", "content": "hello"}]
    given = {"user": user} if user else {}
    door.client().chat.completions.create(model="small", messages=messages, **given, **more)
    return door.stub.seen[-1].get("cache_salt")


def test_a_user_meets_his_own_prefixes_and_nobody_elses(door: Running) -> None:
    assert salt(door) == salt(door)
    seen = [salt(door), salt(door, "bob"), salt(door, None)]
    assert len(set(seen)) == 3
    assert all(isinstance(one, str) and len(one) >= 32 for one in seen)


def test_a_temporary_chat_is_still_his_alone(door: Running) -> None:
    off = {"x-idiolect-memory": "off"}
    assert salt(door, extra_headers=off) == salt(door) != salt(door, "bob", extra_headers=off)


def test_a_salt_that_a_client_sends_is_not_passed_on(door: Running, opened: Opener) -> None:
    anns = salt(door)
    assert salt(door, "bob", extra_body={"cache_salt": anns}) != anns
    plain = opened(upstream=True)
    assert salt(plain, "bob", extra_body={"cache_salt": anns}) is None


def test_the_same_name_in_another_space_is_another(door: Running) -> None:
    mine = salt(door)
    door.client().chat.completions.create(
        model="small",
        messages=[{"role": "user", "content": "hello"}],
        user="ann",
        extra_headers={"x-idiolect-space": "demo"},
    )
    assert door.stub.seen[-1]["cache_salt"] != mine


def test_a_salt_cannot_be_made_without_the_secret_of_the_home(door: Running, opened: Opener, tmp_path: Any) -> None:
    elsewhere = opened(upstream=SALTED, home=tmp_path / "elsewhere")
    assert salt(door) != salt(elsewhere)
