"""What changes a fact: what is over, what is spoken of as the only one, and leads that say that something changed."""

from __future__ import annotations

import pytest

from idiolect.core.types import Turn
from idiolect.memory.facts.extract import claims
from idiolect.memory.facts.slots import Claim, supersedes
from idiolect.memory.user import User
from memory_doubles import Clock


def read(text: str) -> list[Claim]:
    return claims(Turn(id="1", text=text))


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("I no longer live in Oslo.", "home", "Oslo"),
        ("I don't live in Oslo any more.", "home", "Oslo"),
        ("I used to work as a nurse.", "job", "nurse"),
        ("I quit my job as a nurse.", "job", "nurse"),
        ("I am no longer allergic to peanuts.", "allergy", "peanuts"),
        ("I am not allergic to nuts anymore!", "allergy", "nuts"),
        ("I stopped learning Spanish.", "language", "Spanish"),
        ("I gave up chess.", "hobby", "chess"),
        ("Rex is no longer my dog.", "person", "Rex"),
    ],
)
def test_what_is_over_states_no_value(text: str, kind: str, value: str) -> None:
    (claim,) = read(text)
    assert (claim.kind, claim.value, claim.over) == (kind, value, True)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        ("I used to live in Oslo, but now I live in Rome.", "Oslo", "Rome"),
        ("I no longer live in Oslo, I live in Rome now.", "Oslo", "Rome"),
        ("I stopped learning Latin and took up Greek as my new language.", "Latin", "Greek"),
        ("My favourite tea used to be oolong, now it is black tea.", "oolong", "black tea"),
        ("My favourite tea is not oolong any more, it is black tea.", "oolong", "black tea"),
    ],
)
def test_what_is_over_and_what_holds_instead_are_both_read(text: str, old: str, new: str) -> None:
    assert [(claim.value, claim.over) for claim in read(text)] == [(old, True), (new, False)]


@pytest.mark.parametrize(
    "text", ["I am used to living in Oslo.", "No more rain today!", "My film was long, but it is good."]
)
def test_words_of_the_past_alone_end_nothing(text: str) -> None:
    assert not any(claim.over for claim in read(text))


@pytest.mark.parametrize(
    "text",
    [
        "I used to waver, but these days vorlapp is my favourite cheese.",
        "I was never sure, but now vorlapp is my favourite cheese.",
    ],
)
def test_what_holds_after_words_of_the_past_is_read_as_it_is(text: str) -> None:
    assert [(claim.kind, claim.value, claim.over) for claim in read(text)] == [("like", "vorlapp", False)]


@pytest.mark.parametrize(
    ("lead", "changed"),
    [
        ("Contrary to what I told you, ", True),
        ("I take that back: ", True),
        ("Scrap my stale notes: ", True),
        ("On second thought, ", True),
        ("As you asked, ", False),
        ("Sitting in the garden, ", False),
    ],
)
def test_a_lead_says_that_something_changed_or_nothing(lead: str, changed: bool) -> None:
    (claim,) = read(f"{lead}my hobby is chess.")
    assert (claim.kind, claim.value, claim.changed) == ("hobby", "chess", changed)


def test_where_somebody_came_from_is_left_out() -> None:
    assert [claim.value for claim in read("I moved from Oslo to Rome.")] == ["Rome"]


def test_what_is_over_ends_and_holds_again_when_its_record_goes(ann: User, clock: Clock) -> None:
    ann.add("I am allergic to peanuts.")
    before = clock.now
    clock.now += 1000
    (gone,) = ann.add("I am no longer allergic to peanuts.")["results"]
    assert ann.facts() == []
    assert [fact["value"] for fact in ann.facts(as_of=before + 500)] == ["peanuts"]
    ann.delete(gone["id"])
    assert [fact["value"] for fact in ann.facts()] == ["peanuts"]


def test_what_was_never_known_is_not_stated_by_its_end(ann: User) -> None:
    ann.add("I no longer live in Oslo.")
    assert ann.facts(history=True) == []


def test_one_thing_that_is_over_leaves_others_alone(ann: User, clock: Clock) -> None:
    ann.add(["I am allergic to peanuts.", "I am allergic to oolong."])
    clock.now += 1000
    ann.add("I am not allergic to oolong any more.")
    assert [fact["value"] for fact in ann.facts()] == ["peanuts"]


@pytest.mark.parametrize(
    ("text", "only"),
    [
        ("The name of my dog is Rex.", True),
        ("I wrote a letter to Mirelle, my cousin.", True),
        ("My dog Rex fell ill.", False),
        ("My only hobby is chess.", True),
        ("I do chess for fun.", False),
        ("I started learning French.", True),
    ],
)
def test_a_form_tells_whether_it_is_the_only_one(text: str, only: bool) -> None:
    (claim,) = read(text)
    assert claim.only is only


def test_the_only_one_takes_the_place_of_another_but_for_friends_and_allergies() -> None:
    assert supersedes(Claim(kind="person", key="dog", value="a", only=True), "b")
    assert not supersedes(Claim(kind="person", key="dog", value="a"), "b")
    assert not supersedes(Claim(kind="person", key="friend", value="a", only=True), "b")
    assert not supersedes(Claim(kind="allergy", value="a", only=True), "b")


@pytest.mark.parametrize(
    "text",
    [
        "Forget what I said before: I spend too much money on vorlapp, my hobby.",
        "On second thoughts, my hobby is vorlapp.",
        "It used to be different, but now: my hobby is vorlapp.",
    ],
)
def test_a_lead_says_that_something_changed_whatever_follows(text: str) -> None:
    (claim,) = read(text)
    assert (claim.value, claim.changed) == ("vorlapp", True)


def test_a_lead_hides_no_statement() -> None:
    (claim,) = read("I was wrong before: Brukdal is where Mirelle lives.")
    assert (claim.kind, claim.key, claim.value) == ("residence", "Mirelle", "Brukdal")


def test_an_aside_before_a_question_asks_nobody() -> None:
    (claim,) = read("Since you ask, what am I called? Anneke, of course.")
    assert (claim.kind, claim.value) == ("name", "Anneke")


def test_no_visit_is_over() -> None:
    assert not any(claim.over for claim in read("I used to drive to Brukdal."))


@pytest.mark.parametrize(
    "text",
    [
        "Mirelle is what you should call me.",
        "Do not call me by my name, say Mirelle.",
        "At work they call me Mirelle, you should too.",
    ],
)
def test_how_he_wants_to_be_called_is_not_his_name(text: str) -> None:
    assert read(text) == []


def test_a_name_that_a_relative_chose_is_his_own() -> None:
    (claim,) = read("My grandmother chose the name Mirelle for me.")
    assert (claim.kind, claim.value) == ("name", "Mirelle")


def test_an_answer_of_today_leaves_out_what_is_over_unless_the_question_looks_back(ann: User, clock: Clock) -> None:
    for id, text in (("1", "I live in Porto."), ("2", "I now live in Lisbon."), ("3", "My dog is called Rex.")):
        ann.add(Turn(id=id, text=text, time=clock()))
        clock.now += 86400
    assert ann.over("Where do I live?") == {"1"}
    assert ann.over("Where did I live before Lisbon?") == frozenset()
    ann.delete("2")
    assert ann.over("Where do I live?") == frozenset()


def test_a_long_record_says_more_than_was_taken_from_it(ann: User, clock: Clock) -> None:
    ann.add(Turn(id="1", text="I live in Porto. " + "The week was long and the weather was grey. " * 4, time=clock()))
    clock.now += 86400
    ann.add(Turn(id="2", text="I now live in Lisbon.", time=clock()))
    assert [f["value"] for f in ann.facts()] == ["Lisbon"]
    assert ann.over("Where do I live?") == frozenset()


def test_what_was_corrected_is_not_over(ann: User, clock: Clock) -> None:
    ann.add(Turn(id="1", text="My favourite colour is green.", time=clock()))
    assert [f["value"] for f in ann.facts()] == ["green"]
    ann.update("1", "My favourite colour is blue.")
    assert [f["value"] for f in ann.facts()] == ["blue"]
    assert ann.over("What is my favourite colour?") == frozenset()
