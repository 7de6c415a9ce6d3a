"""What records say that somebody thinks of things."""

from __future__ import annotations

import pytest

from idiolect.applications.taste.opinions import FAIR, HARDLY, INTEREST, opinions
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn


def values(*records: Record, **texts: str) -> list[tuple[str, float]]:
    return [(o.text, round(o.value, 2)) for o in opinions(records, texts)]


def rated(number: int, *stars: str, task: str = "rate") -> list[Record]:
    return [Interaction(id=f"{number}-{i}", task=task, prompt=f"film {i}", text=s) for i, s in enumerate(stars)]


def test_a_rating_is_held_against_his_own_mean() -> None:
    assert values(*rated(1, "5", "3")) == [("film 0", 0.5), ("film 1", -0.5)]
    assert values(*rated(1, "5", "4")) == [("film 0", 0.25), ("film 1", -0.25)]


@pytest.mark.parametrize(("text", "value"), [("5", 1.0), ("3", 0.0), ("2", -0.5), ("10", 1.0), ("80", 0.6)])
def test_a_single_rating_is_held_against_the_middle_of_its_scale(text: str, value: float) -> None:
    assert values(*rated(1, text)) == [("film 0", value)]


def test_a_lone_zero_or_one_is_no_and_yes() -> None:
    assert values(*rated(1, "1"), *rated(2, "0", task="take")) == [("film 0", 1.0), ("film 0", -1.0)]


def test_ratings_of_one_task_say_nothing_of_anothers_scale() -> None:
    assert values(*rated(1, "5"), *rated(2, "100", task="points")) == [("film 0", 1.0), ("film 0", 1.0)]


def test_what_he_did_with_an_item_counts_by_the_name_that_the_item_has_now() -> None:
    taken = Interaction(id="1", task="shop", prompt="", text="bought", item="b7")
    assert values(taken, b7="a red lamp") == [("a red lamp", 1.0)]
    assert values(Interaction(id="1", task="shop", prompt="a lamp", text="Returned")) == [("a lamp", -1.0)]


def test_a_choice_is_for_one_and_against_the_other() -> None:
    chosen = Interaction(id="1", task="recommend", prompt="the sea or the hills", text="the hills")
    assert values(chosen) == [("the sea", -1.0), ("the hills", 1.0)]
    better = Preference(id="1", prompt="q", chosen="a", rejected="b")
    assert values(better) == [("a", 1.0), ("b", -1.0)]


def test_a_label_that_is_no_verdict_is_no_opinion() -> None:
    assert values(Interaction(id="1", task="tag", prompt="a film about ships", text="salty")) == []


def test_a_rating_of_an_answer_is_no_opinion_of_things() -> None:
    assert values(Interaction(id="1", task="rating", prompt="q", text="+1", item="an answer")) == []


@pytest.mark.parametrize(
    ("said", "value", "noise"),
    [
        ("I love ramen", 1.0, FAIR),
        ("I don't really like ramen", -1.0, FAIR),
        ("I can't stand horror", -1.0, FAIR),
        ("I moved to Oslo", INTEREST, HARDLY),
        ("I love the sea but hate boats", INTEREST, HARDLY),
        ("Do you like ramen?", INTEREST, HARDLY),
    ],
)
def test_words_say_what_he_thinks(said: str, value: float, noise: float) -> None:
    (found,) = opinions([Turn(id="1", text=said)], {})
    assert (found.value, found.noise) == (value, noise)


def test_the_word_that_says_so_is_not_what_it_is_about() -> None:
    assert values(Turn(id="1", text="I love bread")) == [("I bread", 1.0)]
    assert values(Turn(id="1", text="I can't stand robots")) == [("I robots", -1.0)]
    assert values(Turn(id="1", text="Love")) == [("Love", 1.0)]


def test_what_an_assistant_said_is_no_opinion_of_his() -> None:
    assert values(Turn(id="1", text="I love ramen", role="assistant")) == []


def test_hearsay_is_less_sure_than_his_own_words() -> None:
    own, told = opinions([Turn(id="1", text="I love tea"), Turn(id="2", text="I love tea", asserted_by="eve")], {})
    assert told.noise > own.noise


def test_stated_likes_count_and_who_he_is_does_not() -> None:
    assert values(Attribute(id="1", name="favourite food", value="ramen")) == [("favourite food ramen", 1.0)]
    assert values(Attribute(id="1", name="dislikes", value="noise")) == [("dislikes noise", -1.0)]
    assert values(Preference(id="1", dimension="short films", weight=-0.5)) == [("short films", -0.5)]
    assert values(Attribute(id="1", name="occupation", value="baker"), Relation(id="2", name="sister", value="A")) == []


def test_what_he_wrote_is_an_interest() -> None:
    assert values(Post(id="1", task="note", prompt="", text="The harbour at noon")) == [("The harbour at noon", 0.5)]
