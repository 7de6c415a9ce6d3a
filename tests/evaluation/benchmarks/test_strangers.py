"""The control of another's data asks the same question over another's store, and could be right there."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from idiolect.core.types import Message, Query, Turn
from idiolect.data.dataset import Asked, Dataset
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.generation import personalens, synthetic_persona_chat
from idiolect.evaluation.benchmarks.memory import ikat, locomo, personabench, prefeval
from idiolect.evaluation.benchmarks.preference import vpl
from idiolect.evaluation.benchmarks.rows import Label, Row, known

WORDS = ["pet", "parrot", "dog", "polly", "rex", "paint", "fish", "tea", "rome", "vienna", "fly", "train"]


class Bags:
    """Counts of a few words, of unit length."""

    dim = len(WORDS) + 1

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        counts = np.array([[*(t.lower().count(w) for w in WORDS), 0.1] for t in texts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def controls(rows: Sequence[Row]) -> dict[str, float]:
    return {r.metric: r.value for r in rows if r.control}


def ours(rows: Sequence[Row], metric: str) -> float:
    return next(r.value for r in rows if r.ours and not r.control and r.metric == metric)


def test_the_words_of_an_answer_count_without_those_of_its_question() -> None:
    assert ranking.told("a parrot called Polly", "What is the parrot called?", ["Polly is green"]) == 1.0
    assert ranking.told("Oslo and Bergen", "Where?", ["She left Oslo", "for Rome"]) == 0.5
    assert math.isnan(ranking.told("the parrot", "Which parrot?", ["a parrot"]))


def test_examples_without_a_value_are_no_part_of_the_mean() -> None:
    (row,) = known(Label("", ""), "m", [(1.0, "a"), (math.nan, "a"), (0.0, "b")])
    assert (row.value, row.items) == (0.5, 2)
    assert not list(known(Label("", ""), "m", [(math.nan, "a")]))


def talks(other: str) -> Dataset:
    """Two conversations; the first says that the pet is Polly, the second what is given."""
    said = {"one": "Ada: my pet parrot is Polly", "two": other}
    people = {
        u: (Turn(id="D1:1", text=t, session="1"), Turn(id="D1:2", text="Ben: tea", session="1"))
        for u, t in said.items()
    }
    asked = [
        Asked(
            id=u,
            user=u,
            task="single-hop",
            query=Query(messages=(Message("user", q),), input=q),
            target=a,
            evidence=("D1:1",),
        )
        for u, q, a in (("one", "Who is the pet?", "Polly"), ("two", "Who is the pet?", "Rex"))
    ]
    return Dataset(name="locomo", people=people, questions=tuple(asked))


@pytest.mark.parametrize(("other", "wanted"), [("Bo: my pet dog is Rex", 0.0), ("Bo: my pet is Rex, not Polly", 0.5)])
def test_a_conversation_that_says_the_answer_too_passes_the_control(other: str, wanted: float) -> None:
    rows = list(locomo.measure(talks(other), Bags()))
    assert controls(rows) == {"answer's words in 10 turns": wanted}  # the second one's answer stands in its own alone
    assert ours(rows, "answer's words in 10 turns") == 1.0


def test_a_persons_question_is_put_to_another_persons_documents() -> None:
    def person(name: str, pet: str, more: str = "") -> personabench.Person:
        case = personabench.Case("Social", "Who is my pet?", (pet,), ((0,),))
        return personabench.Person(name, (f"my pet is {pet} {more}", "tea"), (case,))

    people = [person("a", "Polly"), person("b", "Rex"), person("c", "Bubble", "Rex")]
    rows = list(personabench.measure({"0.0": people}, Bags()))
    assert controls(rows) == {"answer's words in 5 segments": pytest.approx(1 / 3)}  # "Rex" is said by c as well
    assert ours(rows, "answer's words in 5 segments") == 1.0


def test_a_question_is_put_to_another_topics_preferences() -> None:
    stated = {"a": "I never fly", "b": "I never fly", "c": "I drink tea"}
    data = [prefeval.Case(t, p, "How to reach Rome?", ("x", "y", "z", "w")) for t, p in stated.items()]
    rows = list(prefeval.measure(data, Bags()))
    assert controls(rows) == {"preference's words in 5": pytest.approx(1 / 3)}  # all of the first, none of the others


def test_a_turn_is_put_to_the_next_topics_person() -> None:
    def turn(topic: str, said: str) -> ikat.Turn:
        return ikat.Turn(topic, "Which pet?", "Which pet?", "", (said, "tea"), {p: frozenset({0}) for p in ikat.PARTS})

    rows = list(ikat.measure([turn("1-1", "I have a parrot"), turn("1-2", "My parrot is Polly")], Bags()))
    assert {r.value for r in rows if r.control} == {0.75}  # all of the first's words, half of the second's


def test_a_kind_is_inferred_from_the_pairs_of_the_other_kind() -> None:
    kinds = np.array(["calm", "calm", "calm", "wild", "wild"])
    found = vpl._opposed(kinds)
    assert all(kinds[found] != kinds)
    assert sorted(set(found)) == [0, 1, 3, 4]
    assert vpl._opposed(np.array(["calm", "calm"])).tolist() == [1, 0]


def test_fields_of_another_profile_have_its_names_but_not_its_values() -> None:
    def task(user: str, sound: str) -> personalens.Task:
        fields = (
            ("Sound", f"Alarm: Sound {sound}"),
            ("Time", f"Alarm: Time {sound}"),
            ("Genre", f"Books: Genre {sound}"),
        )
        return personalens.Task(user, "Set the alarm sound", fields, frozenset({"Sound"}))

    rows = list(personalens.measure([task("a", "birds"), task("b", "bells")], None))
    found = controls(rows)
    assert (found["recall"], found["F1"], found["F1 with values"]) == (1.0, 0.5, 0.0)
    assert ours(rows, "F1 with values") == 0.5
    assert ours(rows, "precision") == pytest.approx(1 / 3)


def test_the_words_of_another_speaker_are_of_one_with_no_line_in_common() -> None:
    lines = {"a": ("I fly", "I paint"), "b": ("I drink tea",), "c": ("I fish",), "d": ("I paint", "I sail")}
    data = [synthetic_persona_chat.Speaker(name, persona, "") for name, persona in lines.items()]
    found = [o.dialogue for o in synthetic_persona_chat._strangers([data[0], data[1], data[3], data[2]])]
    assert found == ["c", "c", "b", "b"]  # from half the list on: d shares a line with a, a with d
