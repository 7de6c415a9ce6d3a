"""Which turns are new, and which tell something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idiolect.applications.server.answering import dialogue
from idiolect.applications.server.answering.dialogue import Said
from idiolect.applications.server.errors import Refusal

SALT = b"salt"
TEXTS = st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=8)


def said(*texts: str) -> list[dict[str, str]]:
    return [{"role": ("user", "assistant")[i % 2], "content": t} for i, t in enumerate(texts)]


def turns(*texts: str, conversation: str = "") -> list[Said]:
    return dialogue.turns(said(*texts), SALT, conversation)


@given(TEXTS)
def test_of_a_dialogue_sent_turn_by_turn_each_turn_is_new_once(texts: list[str]) -> None:
    seen: set[bytes] = set()
    kept = []
    for end in range(1, len(texts) + 1, 2):
        for _ in range(2):
            all_ = turns(*texts[:end])
            kept += [one.text for one in dialogue.fresh(all_, seen)]
            seen |= {one.mark for one in all_}
    assert kept == texts[::2][: len(range(1, len(texts) + 1, 2))]


def test_an_answer_that_was_changed_makes_what_follows_new_and_nothing_before_it() -> None:
    seen = {one.mark for one in turns("a", "b", "c")}
    assert [one.text for one in dialogue.fresh(turns("a", "B", "c"), seen)] == ["c"]


def test_spaces_do_not_count() -> None:
    assert [one.mark for one in turns("a  b\n")] == [one.mark for one in turns(" a b")]


def test_marks_say_nothing_to_who_lacks_the_salt() -> None:
    (one,), (other,) = turns("a"), dialogue.turns(said("a"), b"other")
    assert one.mark != other.mark


def test_roles_and_borders_between_messages_are_part_of_a_mark() -> None:
    assert turns("a", "b", "c")[-1].mark != turns("a b", "", "c")[-1].mark
    assert turns("a", "b", "c", conversation="x")[-1].mark != turns("a", "b", "c")[-1].mark


@pytest.mark.parametrize("messages", [None, [], {}, ["x"], [{"role": "boss", "content": "x"}], [{"content": "x"}]])
def test_what_is_no_dialogue_is_refused(messages: object) -> None:
    with pytest.raises(Refusal):
        dialogue.checked(messages)


@pytest.mark.parametrize(
    ("words", "asks"),
    [
        ("What is my favourite colour?", True),
        ("Hello, who are you? And who am I?", True),
        ("私の好きな色は？", True),
        ("I moved to Oslo. Is it cold there?", False),
        ("I like green", False),
        ("Is it cold? I moved to Oslo.", False),
        ("", False),
    ],
)
def test_a_turn_that_only_asks_tells_nothing(words: str, asks: bool) -> None:
    assert dialogue.asks(words) is asks


def test_a_turn_worded_as_a_task_is_that_task() -> None:
    found = dialogue.query(said("Tag: a film about ships"), 1.0)
    assert (found.task, found.input) == ("tag", "a film about ships")
