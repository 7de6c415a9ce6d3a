"""A record and what was understood of it are one entry, of the kind that is asked for; and why it was found."""

from __future__ import annotations

import pytest

from idiolect.core.types import Attribute, Turn
from idiolect.memory.user import User
from memory_doubles import Clock


@pytest.fixture
def told(ann: User) -> User:
    ann.add(["I live in Oslo.", "The weather was fine.", "I work as a nurse.", "What time is it?"])
    ann.add(Attribute(id="a", name="city of birth", value="Bergen"))
    return ann


def shown(found: dict[str, list[dict[str, object]]]) -> list[tuple[object, object]]:
    return sorted((entry["memory"], entry["kind"]) for entry in found["results"])  # type: ignore[type-var]


def test_extracted_facts_are_found_as_facts(told: User) -> None:
    wanted = [("city of birth: Bergen", "fact"), ("home: Oslo", "fact"), ("job: nurse", "fact")]
    assert shown(told.get_all(filters={"kind": "fact"})) == wanted
    (first, *_) = told.search("Where do I live?", filters={"kind": "fact"})["results"]
    assert (first["memory"], first["kind"]) == ("home: Oslo", "fact")
    assert told.get(first["id"])["memory"] == "I live in Oslo."  # type: ignore[index]


@pytest.mark.parametrize("filters", [None, {"kind": "turn"}, {"kind": {"in": ["turn", "fact"]}}])
def test_a_turn_and_its_facts_appear_once(told: User, filters: dict[str, object] | None) -> None:
    found = [entry["id"] for entry in told.search("Oslo nurse weather time Bergen", filters=filters)["results"]]
    assert len(found) == len(set(found))
    held = [entry for entry in told.get_all(filters=filters)["results"] if "Oslo" in entry["memory"]]
    assert [(entry["memory"], entry["kind"]) for entry in held] == [("I live in Oslo.", "turn")]


def test_conditions_on_kind_are_joined_with_others(told: User) -> None:
    filters = {"AND": [{"kind": {"ne": "turn"}}, {"role": "user"}]}
    assert shown(told.get_all(filters=filters)) == [("home: Oslo", "fact"), ("job: nurse", "fact")]


def test_a_fact_that_two_turns_state_is_one_entry_with_both_sources(ann: User) -> None:
    ann.add([Turn(id="x", text="I live in Oslo.", time=1.0), Turn(id="y", text="Well, I live in Oslo.", time=2.0)])
    (found,) = ann.get_all(filters={"kind": "fact"})["results"]
    assert (found["memory"], found["id"], sorted(found["sources"])) == ("home: Oslo", "y", ["x", "y"])


def test_a_superseded_fact_is_found_as_of_then_alone(ann: User, clock: Clock) -> None:
    ann.add("I live in Oslo.")
    then = clock.now + 5
    clock.now += 100
    ann.add("I now live in Rome.")
    assert shown(ann.get_all(filters={"kind": "fact"})) == [("home: Rome", "fact")]
    assert shown(ann.get_all(filters={"kind": "fact"}, as_of=then)) == [("home: Oslo", "fact")]


def test_deleting_facts_deletes_what_states_them(told: User) -> None:
    assert told.delete_all({"kind": "fact"}) == 3
    assert told.get_all(filters={"kind": "fact"}) == {"results": []}
    assert shown(told.get_all()) == [("The weather was fine.", "turn"), ("What time is it?", "turn")]


def test_shares_of_signals_and_rules_add_up_to_the_order(told: User) -> None:
    found = told.search("Where do I live?", explain=True)["results"]
    sums = [sum(one["shares"].values()) + sum(one["rules"].values()) for one in found]
    assert sums == sorted(sums, reverse=True)
    assert set(found[0]["shares"]) == {
        "meaning", "likeness", "words", "moments", "recency", "around", "session"
    }  # fmt: skip
    assert found[0]["rules"] == {"it states what is asked for": 9.0}


def test_the_rule_that_put_a_record_back_is_named(ann: User) -> None:
    ann.add(["I live in Oslo.", "I now live in Rome."], wait=True)
    rules = {one["memory"]: one["rules"] for one in ann.search("Oslo Rome", explain=True)["results"]}
    assert rules == {"I live in Oslo.": {"what it states is over": -3.0}, "I now live in Rome.": {}}
