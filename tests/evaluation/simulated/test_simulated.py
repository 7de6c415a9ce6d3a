from __future__ import annotations

from dataclasses import replace

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Message
from idiolect.evaluation.simulated.assistants import PRAISE, SCRIPTED, Asked, Flattering, adapting, perfect
from idiolect.evaluation.simulated.conversation import talk
from idiolect.evaluation.simulated.likability import declared
from idiolect.evaluation.simulated.making import from_text, from_world
from idiolect.evaluation.simulated.measures import adaptability, measures, planned, ranked, steps, table
from idiolect.evaluation.simulated.users import Fact, Offer, Person
from idiolect.models.scripted import ScriptedModel
from idiolect.simulation.world import make

CAT = Fact(says="My cat is Rex.", asks="What is my cat called?", value="Rex")
TOWN = Fact(says="I live in Oslo.", asks="Where do I live?", value="Oslo")
MOVED = Fact(says="I moved to Bergen.", asks="Where do I live?", value="Bergen", old="Oslo")
ANN = Person("ann", (CAT, TOWN), drifts=((1, MOVED),))


@pytest.fixture(scope="module")
def people() -> list[Person]:
    """Simulated users of the committed seed, which nothing else uses."""
    plan = planned()
    world = make(plan["seed"], plan["people"], history=4, probes=8)
    return [from_world(world, u) for u in world.users]


def test_the_committed_metric_ranks_the_scripted_assistants_in_the_committed_order(people: list[Person]) -> None:
    plan, found = planned(), table(people, SCRIPTED)
    for metric in plan["metrics"]:
        assert ranked(found[metric]) == plan["order"]
        assert all(step.clear for step in steps(found[metric]))


def test_who_adapts_and_forgets_is_liked_better_than_who_remembers_and_never_adapts(people: list[Person]) -> None:
    found = table(people, {"perfect": perfect, "adapting": adapting})
    assert ranked(found["dimensions"]) == declared()["liked_more"]
    assert ranked(found["memory"]) == ["perfect", "adapting"]
    assert steps(found["memory"])[0].clear


def test_people_of_a_world_change_when_their_dates_come(people: list[Person]) -> None:
    for person in people:
        assert person.drifts
        assert all(fact.old == person.facts[place].value != fact.value for place, fact in person.drifts)
        assert all(fact.time > person.facts[place].time for place, fact in person.drifts)
        told = [m.fact.time for m in person.moves() if m.act in ("tell", "drift")]
        assert told == sorted(told)


def test_people_of_a_world_ask_what_needs_two_things_that_they_told(people: list[Person]) -> None:
    refers = [m for person in people for m in person.moves() if m.act == "refer"]
    assert refers
    assert not [m for m in refers if m.fact.value in m.fact.before]


def test_a_user_tells_before_he_asks(people: list[Person]) -> None:
    for person in (ANN, *people):
        told: set[str] = set()
        for move in person.moves():
            if move.act in ("ask", "refer"):
                assert move.fact.says in told
            elif move.act != "choose":
                told.add(move.text)


def test_after_a_drift_the_old_value_is_wrong() -> None:
    last = [e for e in talk(ANN, perfect(ANN)) if e.move.act == "ask"][-1]
    assert last.move.fact == MOVED
    assert last.right
    assert ANN.rates(last.move, "It is Oslo.") == 1


def test_memory_of_what_changed_is_measured_by_itself() -> None:
    class Stubborn:
        """Never hears of a change."""

        def reply(self, said: object, since: int = 0) -> str:
            last = list(said)[-1].content  # type: ignore[call-overload]
            return {CAT.asks: "Rex", TOWN.asks: "Oslo"}.get(last, "Noted.")

    found = measures(talk(ANN, Stubborn()))
    assert found["memory_changed"] == 0.0
    assert found["memory"] > 0.5


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


def test_a_model_that_is_sent_the_session_alone_sees_nothing_of_the_one_before() -> None:
    model, whole = (ScriptedModel(lambda said: "Noted.") for _ in range(2))
    twice = replace(ANN, sessions=2)
    talk(twice, Asked(model, whole=False))
    talk(twice, Asked(whole))
    assert "My cat is Rex." in [m.content for m in whole.asked[-1]]
    assert "My cat is Rex." not in [m.content for m in model.asked[-1]]
    assert "I moved to Bergen." in [m.content for m in model.asked[-1]]


def test_an_answer_that_is_put_right_is_told_in_words_until_patience_ends() -> None:
    model = ScriptedModel(lambda said: "Noted.")
    found = talk(replace(ANN, patience=1), Asked(model))
    assert [e.edited for e in found if e.edited] == ["It is Rex."]
    assert [m.content for m in model.asked[-1]].count("My cat is Rex.") == 2


class Pupil:
    """Hears what he likes, and asks for the last of the offers."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str]] = []

    def reply(self, said: object, since: int = 0) -> str:
        return "Noted."

    def learns(self, prompt: str, chosen: str, rejected: str) -> None:
        self.heard.append((prompt, chosen, rejected))

    def inquires(self, offers: list[Offer]) -> int:
        return len(offers) - 1


def test_choices_and_edits_reach_an_assistant_that_can_be_told(people: list[Person]) -> None:
    pupil = Pupil()
    found = talk(people[0], pupil)
    edits = [(e.move.text, e.edited, e.reply) for e in found if e.edited]
    assert edits
    assert set(edits) <= set(pupil.heard)
    chosen = [one for one in pupil.heard if one not in edits]
    wants = people[0].wants
    assert wants is not None
    assert chosen
    assert all(wants.satisfaction(liked) > wants.satisfaction(other) for _, liked, other in chosen)


def test_choices_are_said_in_words_to_an_assistant_that_cannot_be_told(people: list[Person]) -> None:
    model = ScriptedModel(lambda said: "Noted.")
    talk(replace(people[0], patience=0), Asked(model))
    said = [m.content for m in model.asked[-1]]
    assert [text for text in said if "I like the reply" in text]


def test_replies_are_graded_by_what_he_wants_and_nothing_else(people: list[Person]) -> None:
    person = people[0]
    exchanges = [e for e in talk(person, adapting(person)) if e.move.act == "open"]
    assert person.wants is not None
    cared = {name for name, weight in person.wants.weights.items() if weight}
    assert all(len(e.grades.keys() - {"callback"}) == len(cared) for e in exchanges)
    assert {g for e in exchanges for name, g in e.grades.items() if name != "callback"} == {5}


def test_bringing_up_what_was_told_is_a_callback_and_what_no_longer_holds_a_wrong_one() -> None:
    class Talker:
        def reply(self, said: object, since: int = 0) -> str:
            last = list(said)[-1].content  # type: ignore[call-overload]
            return {"I live in Oslo.": "With Rex?!", "I moved to Bergen.": "Farewell to Oslo."}.get(last, "It is so.")

    grades = {e.move.text: e.grades.get("callback") for e in talk(ANN, Talker())}
    assert grades["My cat is Rex."] is None
    assert (grades["I live in Oslo."], grades["I moved to Bergen."]) == (5, 1)


def test_the_slope_over_sessions_is_the_published_one() -> None:
    levels = (3, 3.2, 3.6, 3.8, 3.9)
    (first,) = talk(ANN, Flattering(), most=1)
    course = [
        replace(first, move=replace(first.move, act="open", session=n), grades={"length": level})  # type: ignore[dict-item]
        for n, level in enumerate(levels)
    ]
    found = adaptability(course)
    assert found["adaptability"] * 4 == pytest.approx(0.24)
    assert found["adaptability_r2"] == pytest.approx(0.96)


def test_sentences_of_a_description_become_facts() -> None:
    person = from_text("al", "He bakes sourdough. He has maps of Iceland.")
    assert [f.value for f in person.facts] == ["sourdough", "Iceland"]
    assert "sourdough" not in person.facts[0].asks
    assert not person.drifts


@pytest.mark.parametrize(
    "text",
    [
        "I live in Oslo. I collect stamps. I live in Bergen now.",
        "He lives in Oslo. He collects stamps. He lives in Bergen now.",
        "I used to live in Oslo, but now I live in Bergen. I collect stamps.",
    ],
)
def test_what_a_description_says_has_changed_drifts(text: str) -> None:
    person = from_text("al", text)
    ((place, now),) = person.drifts
    assert (person.facts[place].value, now.old, now.value) == ("Oslo", "Oslo", "Bergen")
    assert now.asks == person.facts[place].asks
    assert "Oslo" not in now.asks
    assert measures(talk(person, perfect(person)))["memory"] == 1.0


def test_nobody_is_made_of_nothing() -> None:
    with pytest.raises(BadInput, match="nothing is known"):
        from_text("al", "")


def test_what_nobody_asked_is_not_answered_wrongly() -> None:
    one = Person("ann", (CAT,))
    found = measures(talk(one, perfect(one)))
    assert "memory_far" not in found
    assert "dimensions" not in found
