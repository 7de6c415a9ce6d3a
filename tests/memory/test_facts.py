"""Facts: what is taken from a turn, what takes whose place, what held when, and that all of it can be taken back."""

from __future__ import annotations

from random import Random

import pytest

from idiolect.core.types import Turn
from idiolect.memory.facts import asides, guess, learnt, rules, salient
from idiolect.memory.facts.asked import slots
from idiolect.memory.facts.extract import claims, stated
from idiolect.memory.facts.reading import Reading
from idiolect.memory.facts.slots import ADDITIVE, Claim, supersedes
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Clock


def values(ann: User, **how: object) -> list[tuple[str, str]]:
    return [(fact["name"], fact["value"]) for fact in ann.facts(**how)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "kind", "key", "value"),
    [
        ("My name is Anna.", "name", "", "Anna"),
        ("My favourite tea is green tea.", "like", "tea", "green tea"),
        ("By the way, my sister is called Mei.", "person", "sister", "Mei"),
        ("I live in Oslo now.", "home", "", "Oslo"),
        ("I am allergic to peanuts, in case you ask.", "allergy", "", "peanuts"),
        ("I work as a nurse.", "job", "", "nurse"),
        ("We just visited Kyoto.", "visit", "", "Kyoto"),
        ("Nothing beats vorlapp when I want some good cheese.", "like", "cheese", "vorlapp"),
        ("When it comes to films I choose quillmar, believe me.", "like", "film", "quillmar"),
        ("I cannot breathe well after eating brimwick.", "allergy", "", "brimwick"),
        ("I break out in hives from strawberries.", "allergy", "", "strawberries"),
        ("My spare time belongs to chess.", "hobby", "", "chess"),
        ("A hospital pays my wages, I work there as a dosimetrist.", "job", "", "dosimetrist"),
        ("In my own language, drimmel stands for plortwick.", "meaning", "drimmel", "plortwick"),
        ("What others call plortwick, I call drimmel.", "meaning", "drimmel", "plortwick"),
        ("You will find me at home in Brukdal.", "home", "", "Brukdal"),
        ("On Tuesdays I go to my Ostrian class.", "language", "", "Ostrian"),
        ("After dinner my dog Rex danced around the garden.", "person", "dog", "Rex"),
        ("What am I called? Anneke, of course.", "name", "", "Anneke"),
        ("A bus brought me to Brukdal for the day.", "visit", "", "Brukdal"),
        ("The town where Mirelle lives is Brukdal.", "residence", "mirelle", "Brukdal"),
    ],
)
def test_a_statement_gives_a_typed_slot_in_whatever_words(text: str, kind: str, key: str, value: str) -> None:
    (claim,) = claims(Turn(id="1", text=text))
    assert (claim.kind, claim.key.lower(), claim.value) == (kind, key, value)


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("I moved to Kyoto last week and I work as a nurse.", [("home", "Kyoto"), ("job", "nurse")]),
        ("I work as a nurse and I like it.", [("job", "nurse")]),
    ],
)
def test_each_clause_that_states_a_fact_gives_it(text: str, facts: list[tuple[str, str]]) -> None:
    assert [(c.kind, c.value) for c in claims(Turn(id="1", text=text))] == facts


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Remember this name, because it belongs to my boss: Greanthart.", "name"),
        ("Les told me his favourite cheese is vorlapp.", "like"),
        ("Do not bring vorlapp, my allergy is no joke.", "like"),
    ],
)
def test_what_looks_like_another_kind_is_not_taken_for_it(text: str, kind: str) -> None:
    assert kind not in {claim.kind for claim in claims(Turn(id="1", text=text))}


def test_what_no_rule_knows_is_read_by_what_was_learnt() -> None:
    text = "I have never met a cheese as good as vorlapp."
    assert salient.read(text) is None
    assert rules.match(text) is None
    assert guess.read(text) == ("like", "cheese", "vorlapp")


def test_a_rule_gives_way_where_its_phrase_plays_another_part() -> None:
    assert guess.doubts("Hello, this is Brukdal writing to you.", ("home", "", "Brukdal"))
    assert not guess.doubts("Hello, this is Brukdal writing to you.", ("name", "", "Brukdal"))


@pytest.mark.parametrize(
    "text", ["It was vorlapp, Mirelle.", "This cheese is so vorlapp.", "I feel vorlapp when I dance."]
)
def test_an_unusual_word_in_small_talk_is_no_fact(text: str) -> None:
    assert guess.read(text) is None


def test_what_was_learnt_weighs_every_part_of_every_phrase() -> None:
    parts = learnt.parts(Reading("Mirelle lives in Brukdal."))
    assert [max(shares, key=lambda part: shares[part]) for shares in parts.values()] == ["who", "residence"]
    assert all(sum(shares.values()) == pytest.approx(1) for shares in parts.values())


@pytest.mark.parametrize(
    "text",
    [
        "My brother lives in Oslo.",
        "Actually, my brother lives in Oslo.",
        "These days my brother lives in Oslo.",
        "Our neighbours live in Hamburg now.",
    ],
)
def test_where_others_live_and_work_is_no_fact_of_his_own(text: str) -> None:
    assert stated(text) is None


def test_who_lives_with_a_relation_lives_there_himself() -> None:
    for text in ("My brother and I live in Oslo.", "I live in Oslo with my brother."):
        claim = stated(text)
        assert claim is not None
        assert (claim.kind, claim.value) == ("home", "Oslo")


def test_asides_before_and_behind_a_statement_are_no_part_of_it() -> None:
    assert asides.closed("By the way, I live in Oslo, to be honest.") == "I live in Oslo."


@pytest.mark.parametrize(
    "text",
    [
        "Mirelle loves vorlapp as a cheese.",
        "According to Mirelle, vorlapp is the finest cheese.",
        "I know that Mirelle thinks vorlapp is the best cheese.",
        "I want to visit Brukdal next year.",
        "I have never been to Brukdal.",
        "Maybe I will move to Brukdal.",
        "Please call me Anneke in every answer.",
        "Hey Mirelle, I had a long day at work.",
        "I am prepping for my dance studio more than ever!",
        "Losing my job was a bummer.",
        "Your support means a lot to me.",
        "I finished a bookmark for one of the ladies at my writing club.",
        "Anna told me to avoid the last bus while staying in Oslo.",
        "I saw a fox while staying in Turin.",
    ],
)
def test_what_is_another_s_or_wished_or_said_by_the_way_is_no_fact(text: str) -> None:
    assert claims(Turn(id="1", text=text)) == []


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("Things have changed: my hobby is chess.", True),
        ("From now on my hobby is chess.", True),
        ("My latest choice: my hobby is chess.", True),
        ("A small detail: my hobby is chess.", False),
        ("My last word was wrong: I learn Ostrian.", True),
        ("My hobby is chess.", False),
        ("News: I also took up chess as a hobby.", False),
    ],
)
def test_only_words_of_change_that_add_nothing_change_a_fact(text: str, changed: bool) -> None:
    (claim,) = claims(Turn(id="1", text=text))
    assert claim.changed is changed


@pytest.mark.parametrize(
    ("question", "slot"),
    [
        ("Where do I live?", ("home", "")),
        ("What should you call my dog?", ("person", "dog")),
        ("Which cheese is closest to my heart?", ("like", "cheese")),
        ("What do I mean by drimmel?", ("meaning", "drimmel")),
        ("Which language am I learning?", ("language", "")),
        ("What pays my rent?", ("job", "")),
    ],
)
def test_a_question_about_oneself_names_its_slot(question: str, slot: tuple[str, str]) -> None:
    assert slot in slots(question)


def test_a_question_about_others_names_none() -> None:
    assert slots("Where does Mirelle live?") == []


def test_the_answer_is_found_first_though_it_shares_no_word_with_the_question(ann: User) -> None:
    ann.add(["Brukdal is where my bed stands.", "I live for music.", "We live in hard times, said the radio."])
    assert ann.search("Which town do I live in?", top_k=1)["results"][0]["memory"].startswith("Brukdal")


@pytest.mark.parametrize("text", ["Where do I live?", "", "ok", "The train was late again.", "x " * 400])
def test_what_states_nothing_gives_nothing(text: str) -> None:
    assert stated(text) is None


@pytest.mark.parametrize(
    "turn",
    [
        Turn(id="1", text="I live in Oslo.", role="assistant"),
        Turn(id="1", text="I live in Oslo.", asserted_by="bob"),
        Turn(id="1", text="About the user:\n- home: Oslo"),
        Turn(id="1", text='He said "I live in Oslo"'),
    ],
)
def test_only_what_the_user_says_himself_counts(turn: Turn) -> None:
    assert claims(turn) == []


def test_a_new_value_of_a_single_slot_takes_the_place_of_the_old(ann: User, clock: Clock) -> None:
    ann.add("I live in Oslo.")
    moved = clock.now + 1000
    clock.now = moved
    ann.add("I just moved to Quito.")
    assert values(ann) == [("home", "Quito")]
    old, new = ann.facts(history=True)
    assert (old["superseded_by"], old["valid_to"], bool(old["reason"])) == (new["id"], new["valid_from"], True)
    assert values(ann, as_of=moved - 500) == [("home", "Oslo")]


def test_a_supersession_can_be_taken_back(ann: User) -> None:
    ann.add(["I live in Oslo.", "I just moved to Quito."])
    old, new = ann.facts(history=True)
    ann.reinstate(old["id"])
    assert values(ann) == [("home", "Oslo")]
    assert [f["reason"] for f in ann.facts(history=True) if f["id"] == new["id"]] == ["taken back"]


def test_the_same_said_again_is_one_fact_with_two_sources(ann: User) -> None:
    first, second = ann.add(["I live in Oslo.", "In fact, I live in Oslo."])["results"]
    (fact,) = ann.facts()
    assert fact["sources"] == [first["id"], second["id"]]


def test_what_is_read_late_stands_where_it_belongs_in_time(ann: User) -> None:
    ann.add("I live in Quito.", time=2_000)
    ann.flush()
    ann.add("I live in Oslo.", time=1_000)
    assert values(ann) == [("home", "Quito")]
    assert values(ann, as_of=1_500) == [("home", "Oslo")]


def test_several_friends_stand_side_by_side_but_one_mother(ann: User) -> None:
    ann.add(
        ["My friend is called Bo.", "My friend is called Cy.", "My mother is called Di.", "My mother is called Eve."]
    )
    assert values(ann) == [("friend", "Bo"), ("friend", "Cy"), ("mother", "Eve")]


@pytest.mark.parametrize("count", [50, pytest.param(1000, marks=pytest.mark.slow)])
def test_of_many_additive_facts_none_retires_another(ann: User, count: int) -> None:
    r = Random(5)
    names = {"".join(r.choices("bdfgklmnprst", k=6)).capitalize() for _ in range(count + 100)}
    ann.add([f"I visited {name}." for name in sorted(names)[:count]])
    ann.flush()
    assert len(ann.facts()) == len(ann.facts(history=True)) == count


def test_no_additive_kind_supersedes() -> None:
    for kind in ADDITIVE:
        assert not supersedes(Claim(kind=kind, value="a", changed=True), "b")
    assert supersedes(Claim(kind="hobby", value="a", changed=True), "b")
    assert not supersedes(Claim(kind="hobby", value="a"), "b")
    assert not supersedes(Claim(kind="home", value="Oslo"), "oslo")


def test_sensitive_facts_are_flagged(ann: User) -> None:
    ann.add(["I am allergic to peanuts.", "My favourite tea is oolong."])
    assert {f["value"]: f["sensitive"] for f in ann.facts()} == {"peanuts": ["health"], "oolong": []}


def test_a_fact_goes_with_the_last_record_that_states_it_and_the_old_one_holds_again(ann: User) -> None:
    ann.add("I live in Oslo.")
    (new,) = ann.add("I just moved to Quito.")["results"]
    assert values(ann) == [("home", "Quito")]
    ann.delete(new["id"])
    assert values(ann) == [("home", "Oslo")]
    assert "Quito" not in repr(ann.facts(history=True))


def test_a_corrected_record_states_the_new_only(ann: User) -> None:
    (one,) = ann.add("I live in Oslo.")["results"]
    ann.flush()
    ann.update(one["id"], "I live in Bergen.")
    assert values(ann) == [("home", "Bergen")]
    ann.update(one["id"], "I live in Lagos.", erase_old=True)
    assert values(ann) == [("home", "Lagos")]


def test_a_corrected_record_stays_in_the_context_with_what_it_says_now(ann: User) -> None:
    (one,) = ann.add("My sister Anna lives in Kyoto")["results"]
    ann.flush()
    ann.update(one["id"], "My sister Anna lives in Osaka")
    assert "Osaka" in ann.context(500, "Anna")
    assert "Kyoto" not in ann.context(500)


def test_facts_are_in_the_profile_and_what_no_longer_holds_is_in_no_prompt(ann: User) -> None:
    ann.add(["I live in Oslo.", "I just moved to Quito."])
    assert ann.profile()["attributes"]["home"] == ["Quito"]
    assert "Oslo" not in ann.context(500)
    assert "Quito" in ann.context(500, "Where do I live?")
    assert "Oslo" in repr(ann.get_all())  # the turn itself is never lost


def test_the_record_that_holds_is_found_before_the_one_that_did(ann: User, clock: Clock) -> None:
    ann.add("I live in Oslo with my plants.")
    between = clock.now + 500
    clock.now += 1000
    ann.add("I just moved to Quito.")
    found = ann.search("Where do I live?")["results"]
    assert "Oslo" not in found[0]["memory"] or len(found) == 1
    assert "Oslo" in ann.search("Where do I live?", as_of=between)["results"][0]["memory"]


def test_a_fact_of_another_user_cannot_be_named(space: Space) -> None:
    space.user("ann").add("I live in Oslo.")
    (fact,) = space.user("ann").facts()
    with pytest.raises(Exception, match="none of that id"):
        space.user("bob").reinstate(fact["id"])
