"""Consolidation: what was said twice is one memory with two sources; what only looks alike stays apart."""

from __future__ import annotations

from itertools import combinations

import pytest

from idiolect.memory.consolidate import same
from idiolect.memory.user import User


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I play the cello.", "i play the  cello"),
        ("I play the cello.", "By the way, I play the cello!"),
        ("My sister lives in Oslo", "You know, my sister lives in Oslo, of course."),
        ("My favourite tea is oolong.", "Oolong is my favourite tea."),
    ],
)
def test_the_same_in_other_words_is_the_same(one: str, other: str) -> None:
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("I play the cello.", "I never play the cello."),
        ("I paid 10 euros", "I paid 100 euros"),
        ("Anna told Bo a secret", "Bo told Anna a secret"),
        ("My favourite tea is oolong.", "My favourite tea is green tea."),
        ("Yes, please.", "Oh yes, thank you."),
    ],
)
def test_what_differs_in_a_name_a_number_or_a_not_is_not_the_same(one: str, other: str) -> None:
    assert not same(one, other)


def test_of_facts_that_look_alike_none_merges() -> None:
    people, places = ("Amara", "Bruno", "Chloe", "Dmitri"), ("Lisbon", "Kyoto", "Oslo")
    forms = ("I promised {f} to bring {o} to the reunion in {p}.", "{f} told me to avoid {o} while staying in {p}.")
    things = ("rye bread", "dark chocolate")
    facts = [a.format(f=f, p=p, o=o) for a in forms for f in people for p in places for o in things]
    assert [pair for pair in combinations(facts, 2) if same(*pair)] == []


def test_a_memory_that_was_said_twice_is_found_once_with_both_sources(ann: User) -> None:
    one, other = ann.add(["I play the cello.", "By the way, I play the cello!"], wait=True)["results"]
    (found,) = ann.search("cello")["results"]
    assert set(found["sources"]) == {one["id"], other["id"]}
    assert found["sources"][0] == found["id"]
    ann.delete(found["id"])
    (left,) = ann.search("cello")["results"]
    assert left["sources"] == [left["id"]]


def test_what_others_said_does_not_merge_with_what_the_user_said(ann: User) -> None:
    ann.add([{"role": "user", "content": "I play the cello."}, {"role": "assistant", "content": "I play the cello."}])
    ann.flush()
    assert len(ann.search("cello")["results"]) == 2
