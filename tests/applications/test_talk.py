"""A user's handle that answers him."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import idiolect
from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Message
from idiolect.memory.space import Space
from idiolect.models.scripted import ScriptedModel

CANARY = "canary-1d4e"


@pytest.fixture
def seen() -> list[str]:
    """What the model was asked."""
    return []


@pytest.fixture
def space(tmp_path: Path, seen: list[str]) -> Iterator[Space]:
    def answer(said: Sequence[Message]) -> str:
        seen.append(str(said))
        return f"answer {len(seen)}"

    with idiolect.open(tmp_path / "home", model=ScriptedModel(answer), encoder=None) as found:
        yield found


def test_he_is_answered_from_what_is_known_of_him(space: Space, seen: list[str]) -> None:
    ann = space.user("ann")
    (known,) = ann.add("My sister Anna lives in Kyoto")["results"]
    reply = ann.chat("Where does my sister live?")
    assert (str(reply), reply.sources) == ("answer 1", (known["id"],))
    assert "Kyoto" in seen[0]


def test_what_he_says_is_kept_and_used_from_then_on(space: Space, seen: list[str]) -> None:
    ann = space.user("ann")
    ann.chat("My sister Anna lives in Kyoto")
    assert "Kyoto" in seen[0]  # as what he says, not as what is known
    assert ann.get_all()["results"][0]["memory"] == "My sister Anna lives in Kyoto"
    assert ann.chat("Where does my sister live?").sources


def test_what_is_over_is_not_told_to_the_model(space: Space, seen: list[str]) -> None:
    ann = space.user("ann")
    ann.add("I live in Porto.")
    ann.add("I now live in Lisbon.")
    ann.chat("Where do I live?")
    assert "Lisbon" in seen[-1]
    assert "Porto" not in seen[-1]


def test_others_see_nothing_of_it(space: Space, seen: list[str]) -> None:
    space.user("ann").add(f"my sister is {CANARY}")
    assert space.user("bob").chat("who is my sister?").sources == ()
    assert CANARY not in seen[0]


def test_it_can_be_awaited(space: Space) -> None:
    async def both() -> list[Any]:
        return await asyncio.gather(*(space.user(name).achat("hello there") for name in ("ann", "bob")))

    assert sorted(str(reply) for reply in asyncio.run(both())) == ["answer 1", "answer 2"]


def test_who_does_not_allow_it_is_answered_from_nothing(space: Space, seen: list[str]) -> None:
    ann = space.user("ann")
    ann.add(f"my sister is {CANARY}")
    ann.consent()
    assert ann.chat("who is my sister?").sources == ()
    assert CANARY not in seen[0]


def test_a_model_elsewhere_needs_his_consent(space: Space, tmp_path: Path) -> None:
    class Elsewhere(ScriptedModel):
        url = "https://models.example.org/v1"

    with idiolect.open(tmp_path / "home", model=Elsewhere(lambda said: "x"), encoder=None) as remote:
        with pytest.raises(ConsentError, match="share_with_provider"):
            remote.user("ann").chat("hello there")
        remote.user("ann").consent("assist", "share_with_provider")
        assert str(remote.user("ann").chat("hello there")) == "x"


def test_without_a_model_it_says_how_to_get_one(tmp_path: Path) -> None:
    with idiolect.open(tmp_path / "home", encoder=None) as found, pytest.raises(BadInput, match='model="embedded"'):
        found.user("ann").chat("hello")


@pytest.mark.parametrize(("pipeline", "says"), [("oppu", "trained first"), ("ipa|", "missing")])
def test_a_pipeline_that_cannot_answer_is_refused_at_once(tmp_path: Path, pipeline: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        idiolect.open(tmp_path / "home", model=ScriptedModel(lambda said: "x"), pipeline=pipeline)


def test_nothing_said_is_nothing_asked(space: Space, seen: list[str]) -> None:
    with pytest.raises(BadInput, match="empty"):
        space.user("ann").chat("  ")
    assert seen == []
