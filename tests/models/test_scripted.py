"""The public test double."""

from __future__ import annotations

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Block, Idiolect, Stream
from idiolect.core.layout import HISTORY, ask
from idiolect.core.requests import Ask, Item, Key, Score
from idiolect.core.types import Message, Query
from idiolect.models.scripted import ScriptedModel, conversation

SEA = ask("tag", "a film about ships")


def test_answers_come_in_the_order_given_until_they_are_used_up() -> None:
    model = ScriptedModel(["a", "b"])
    assert model.answer([Ask(query=SEA), Ask(query=SEA)], [Key(), Key()]) == [("a",), ("b",)]
    with pytest.raises(BadInput, match="used up"):
        model.answer([Ask(query=SEA)], [Key()])


def test_answers_by_the_last_thing_said() -> None:
    model = ScriptedModel({SEA.text: "salty"})
    assert model.answer([Ask(query=SEA, n=2)], [Key()]) == [("salty", "salty")]
    with pytest.raises(BadInput, match="no answer to 'else'"):
        model.answer([Ask(query=ask("", "else"))], [Key()])


def test_a_function_sees_the_conversation_with_its_context() -> None:
    model = ScriptedModel(lambda said: said[0].content)
    stream = Stream(context=(Block(HISTORY, ("- x => y",)),))
    assert model.answer([Ask(query=SEA, idiolect=Idiolect(streams=(stream,)))], [Key()]) == [(f"{HISTORY}\n- x => y",)]
    assert model.asked[0][-1] == Message("user", SEA.text)


def test_a_rewrite_takes_the_place_of_the_last_thing_said() -> None:
    query = Query(messages=(Message("user", "one"), Message("assistant", "two"), Message("user", "three")))
    said = conversation(Ask(query=query, idiolect=Idiolect(streams=(Stream(query="four"),))))
    assert [m.content for m in said] == ["one", "two", "four"]


def test_other_requests_are_refused() -> None:
    with pytest.raises(BadInput, match="Score"):
        ScriptedModel([]).answer([Score(items=(Item(query=SEA),))], [Key()])
