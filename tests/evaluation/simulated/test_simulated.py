from __future__ import annotations

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Message
from idiolect.evaluation.simulated.assistants import PRAISE, SCRIPTED, Asked, Flattering, perfect
from idiolect.evaluation.simulated.conversation import talk
from idiolect.evaluation.simulated.measures import measures, next_question, planned, ranked, steps, table
from idiolect.evaluation.simulated.users import Fact, Person, from_text, from_world
from idiolect.models.scripted import ScriptedModel
from idiolect.simulation.world import make

CAT = Fact(says="My cat is Rex.", asks="What is my cat called?", value="Rex")
TOWN = Fact(says="I live in Oslo.", asks="Where do I live?", value="Oslo")
MOVED = Fact(says="I moved to Bergen.", asks="Where do I live?", value="Bergen", old="Oslo")
ANN = Person("ann", (CAT, TOWN), drifts=((1, MOVED),))


def test_the_committed_metric_ranks_the_scripted_assistants_in_the_committed_order() -> None:
    plan = planned()
    world = make(plan["seed"], plan["people"], history=4, probes=8)
    found = table([from_world(world, u) for u in world.users], SCRIPTED)
    for metric in plan["metrics"]:
        assert ranked(found[metric]) == plan["order"]
        assert all(step.clear for step in steps(found[metric]))


def test_a_user_tells_before_he_asks() -> None:
    told: set[str] = set()
    for move in ANN.moves():
        if move.act == "ask":
            assert move.fact.says in told
        else:
            told.add(move.fact.says)


def test_after_a_drift_the_old_value_is_wrong() -> None:
    last = [e for e in talk(ANN, perfect(ANN)) if e.move.act == "ask"][-1]
    assert last.move.fact == MOVED
    assert last.right
    assert ANN.rates(last.move, "It is Oslo.") == 1


def test_praise_pleases_but_does_not_count_as_memory() -> None:
    found = measures(talk(ANN, Flattering()))
    assert found["memory"] == 0.0
    assert found["likability"] > measures(talk(Person("b", ANN.facts, likes_praise=False), Flattering()))["likability"]


def test_of_two_replies_the_right_one_is_chosen_and_a_wrong_one_edited() -> None:
    ask = next(m for m in ANN.moves() if m.act == "ask" and m.fact == CAT)
    assert ANN.chooses(ask, [PRAISE, "It is Rex."]) == 1
    assert ANN.edits(ask, PRAISE) == "It is Rex."


def test_an_assistant_that_asks_back_is_answered() -> None:
    model = ScriptedModel(lambda said: "What is my cat called, would you say?")
    talk(ANN, Asked(model), most=2)
    assert Message("user", "My cat is Rex.") in model.asked[1][1:]


def test_sentences_of_a_description_become_facts() -> None:
    person = from_text("al", "He bakes sourdough. He has maps of Iceland.")
    assert [f.value for f in person.facts] == ["sourdough", "Iceland"]
    assert "sourdough" not in person.facts[0].asks


def test_nobody_is_made_of_nothing() -> None:
    with pytest.raises(BadInput, match="nothing is known"):
        from_text("al", "")


def test_the_next_question_is_the_one_that_tells_people_apart() -> None:
    asked = {"Tea or coffee?": ["tea", "coffee", "tea", "coffee"], "Do you breathe?": ["yes"] * 4}
    assert next_question(asked, ()) == "Tea or coffee?"
    assert next_question(asked, [Fact(says="", asks="Tea or coffee?", value="")]) == "Do you breathe?"


def test_what_nobody_asked_is_not_answered_wrongly() -> None:
    one = Person("ann", (CAT,))
    assert "memory_far" not in measures(talk(one, perfect(one)))
