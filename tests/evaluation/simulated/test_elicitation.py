"""Which question to ask next, and what the answers tell."""

from __future__ import annotations

import math

import numpy as np
import pytest

from idiolect.evaluation.significance.effects import effect
from idiolect.evaluation.simulated.assistants import Asked
from idiolect.evaluation.simulated.elicitation import (
    EVERYBODY,
    InWords,
    Parting,
    Telling,
    elicit,
    everybodys,
    next_question,
    pickers,
    remaining,
)
from idiolect.evaluation.simulated.making import from_world
from idiolect.evaluation.simulated.users import Fact, Person
from idiolect.models.scripted import ScriptedModel
from idiolect.simulation.tastes import REPLIES
from idiolect.simulation.world import make


@pytest.fixture(scope="module")
def people() -> list[Person]:
    world = make(515, 12, history=4, probes=4)
    return [from_world(world, u) for u in world.users]


def own(person: Person) -> int:
    """His place among everybody."""
    assert person.wants is not None
    (place,) = np.flatnonzero((np.array([person.wants.weights[name] for name in REPLIES]) == EVERYBODY).all(axis=1))
    return int(place)


def test_everybody_is_whom_a_world_may_plant() -> None:
    assert EVERYBODY.shape == (72, 4)
    assert len(np.unique(EVERYBODY, axis=0)) == 72


def test_he_is_never_ruled_out_by_his_own_answers(people: list[Person]) -> None:
    for person in people:
        answered = [(o, person.prefers(o)) for o in person.offers]
        assert remaining(person, answered)[own(person)]


def test_everybodys_answer_holds_his_own(people: list[Person]) -> None:
    signs = {0: 1, 1: -1, None: 0}
    for person in people[:4]:
        assert [everybodys(person, o)[own(person)] for o in person.offers] == [
            signs[person.prefers(o)] for o in person.offers
        ]


def test_bits_only_rise_and_end_where_he_alone_is_left(people: list[Person]) -> None:
    for person in people[:4]:
        bits = elicit(person, Parting(person), 12).bits
        assert list(bits) == sorted(bits)
        assert bits[-1] <= math.log2(72) + 1e-9


def told(people: list[Person], name: str, questions: int) -> dict[str, float]:
    return {p.name: elicit(p, pickers(p)[name](), questions).bits[-1] for p in people}


def test_the_best_questions_tell_more_than_questions_by_chance(people: list[Person]) -> None:
    found = effect("best", told(people, "best", 4), "random", told(people, "random", 4))
    assert found.clear
    assert found.interval.mean > 0.5


@pytest.mark.slow
def test_questions_of_most_information_tell_more_than_questions_by_chance() -> None:
    world = make(777, 64, history=16, probes=2)
    many = [from_world(world, u, 1) for u in world.users]
    found = effect("ours", told(many, "ours", 6), "random", told(many, "random", 6))
    assert found.clear
    assert found.interval.mean > 0.25


def test_what_he_answered_lets_his_other_choices_be_foreseen(people: list[Person]) -> None:
    found = [elicit(p, Telling(), 6).choices[-1] for p in people]
    assert sum(found) / len(found) > 0.7


def test_an_assistant_names_the_question_by_its_number(people: list[Person]) -> None:
    model = ScriptedModel(lambda said: "Question 2, please.")
    picker = InWords(Asked(model))
    assert picker.pick(people[0].offers[:3], ()) == 1
    assert people[0].offers[1].first in model.asked[0][-1].content


def test_an_assistant_that_names_none_learns_nothing_and_is_counted(people: list[Person]) -> None:
    picker = InWords(Asked(ScriptedModel(lambda said: "I would rather talk of tea.")))
    found = elicit(people[0], picker, 3)
    assert found.bits == (0.0, 0.0, 0.0)
    assert found.choices == (0.5, 0.5, 0.5)
    assert picker.unread == 3


def test_the_next_question_is_the_one_that_tells_people_apart() -> None:
    asked = {"Tea or coffee?": ["tea", "coffee", "tea", "coffee"], "Do you breathe?": ["yes"] * 4}
    assert next_question(asked, ()) == "Tea or coffee?"
    assert next_question(asked, [Fact(says="", asks="Tea or coffee?", value="")]) == "Do you breathe?"
