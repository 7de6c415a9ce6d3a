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


class Cached:
    """What a server with a cache of prefixes would say of a prompt: words that it has seen before, under one salt."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, list[str]]] = []

    def __call__(self, body: dict[str, Any]) -> int:
        words = " ".join(m["content"] for m in body["messages"]).split()
        salt = body.get("cache_salt")
        hits = [shared(words, before) for under, before in self.seen if under == salt]
        self.seen.append((salt, words))
        return max(hits, default=0)


def shared(one: list[str], other: list[str]) -> int:
    """How many words two texts begin with in common."""
    places = range(min(len(one), len(other)))
    return next((i for i in places if one[i] != other[i]), len(places))


RULES = "You are the assistant of a shop. Answer in one sentence."


def hit(door: Running, user: str, **more: Any) -> int:
    """`cached_tokens` of an answer, as its client is told."""
    messages = [{"role": "system", "content": RULES}, {"role": "user", "content": "who is my sister?"}]
    answer = door.client().chat.completions.create(model="small", messages=messages, user=user, **more)
    return int(answer.usage.prompt_tokens_details.cached_tokens)


def caching(door: Running) -> Running:
    """The door before such a server; each of its users has said something of his sister."""
    cache = Cached()

    def say(body: dict[str, Any]) -> str:
        door.stub.usage = {**door.stub.usage, "prompt_tokens_details": {"cached_tokens": cache(body)}}
        return "Anna"

    door.stub.say = say
    for user, name in (("ann", "Berta"), ("bob", "Cora"), ("eve", "Berta")):
        door.user(user).add(f"my sister is {name}")
    return door


def test_his_own_personal_part_is_met_again_and_nobody_elses_even_where_it_is_the_same(door: Running) -> None:
    caching(door)
    assert hit(door, "ann") == 0
    assert hit(door, "ann") > len(RULES.split()) + 10  # the notes of him, too
    assert hit(door, "bob") == 0
    assert hit(door, "eve") == 0  # the same words as ann's, under her own salt
    assert hit(door, "eve", extra_body={"cache_salt": door.stub.seen[0]["cache_salt"]}) > 0  # her own: not ann's
    assert len({body["cache_salt"] for body in door.stub.seen}) == 3


def test_without_salts_another_meets_the_applications_part_and_no_word_of_anybodys(opened: Opener) -> None:
    plain = caching(opened(upstream=True))
    hit(plain, "ann")
    first = plain.stub.seen[0]["messages"][0]["content"]
    before = first.partition("my sister is")[0]  # the application's rules, and our marks around what is his
    assert len(RULES.split()) <= hit(plain, "bob") <= len(before.split()) + 3
