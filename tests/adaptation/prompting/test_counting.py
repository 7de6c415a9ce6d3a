"""Habits counted from records: each count worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adaptation.people import ANN, interaction, post
from idiolect.adaptation.prompting.counting import Habits, counted, going_with, switches, told, usual
from idiolect.core.types import Attribute

TAGS = [
    interaction("0", "sea war", "salty"),
    interaction("1", "sea love", "salty"),
    interaction("2", "love", "sweet"),
]


def test_the_usual_label_is_the_most_frequent_and_of_equals_the_first_in_the_alphabet() -> None:
    assert usual({"b": 2, "a": 2, "c": 1}) == "a"


def test_the_usual_rating_is_the_middle_one_and_not_the_most_frequent() -> None:
    # 2 2 2 4 5 5 5 5: the middle lies between 4 and 5; 10 comes after 9
    assert usual({"5": 4, "2": 3, "4": 1}) == "5"
    assert usual({"2": 3, "4": 2, "5": 2}) == "4"
    assert usual({"9": 2, "10": 1, "1": 2}) == "9"


def test_a_label_goes_with_a_word_as_far_as_they_meet_beyond_chance() -> None:
    h = counted(Habits(), TAGS)
    # salty 2 of 3: "sea" 2 of 2 exceeds 2 * 2/3 by 2/3, "war" 1 exceeds 2/3 by 1/3; "love" with sweet 1 - 2 * 1/3
    found = going_with(h.labels["tag"], h.with_word["tag"])
    assert found == {
        "love": ("sweet", pytest.approx(1 / 3)),
        "sea": ("salty", pytest.approx(2 / 3)),
        "war": ("salty", pytest.approx(1 / 3)),
    }
    assert next(iter(found)) == "sea"


def test_a_word_in_every_item_goes_with_nothing() -> None:
    assert going_with({"a": 1, "b": 1}, {"the": {"a": 1, "b": 1}}) == {}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("Well, the team wins! :)", ("sentence", "Well", "!", ":)", "none")),
        ("the team wins...", ("lower", "none", "...", "none", "none")),
        ("The Team Wins. xD cheers", ("title", "none", ".", "none", "xD cheers")),
        ("the 3 teams, all of them, won", ("lower", "none", "none", "none", "none")),
        ("A dog. A cat. =] take care", ("sentence", "none", ".", "=]", "take care")),
        ("", ("lower", "none", "none", "none", "none")),
    ],
)
def test_a_text_shows_how_it_is_written(text: str, want: tuple[str, ...]) -> None:
    assert tuple(switches(text).values()) == want


def test_a_later_attribute_stands_for_the_earlier_of_its_name() -> None:
    two = [Attribute(id="0", name="home", value="Rome"), Attribute(id="1", name="home", value="Oslo")]
    assert list(counted(Habits(), two).stated.values()) == ["- home: Oslo"]


def test_wishes_stand_beside_each_other() -> None:
    two = [Attribute(id="0", name="wants", value="warmth"), Attribute(id="1", name="wants", value="brevity")]
    assert len(counted(Habits(), two).stated) == 2


def test_a_long_answer_is_no_label() -> None:
    assert counted(Habits(), [interaction("0", "sea", "one two three four")]).labels == {}


def test_of_the_words_the_items_own_come_first() -> None:
    lines = told(counted(Habits(), TAGS), "tag", "all is love", 1)
    assert lines == ["- usual tag: salty", "- tag for love: sweet"]


def test_a_switch_is_told_where_one_value_is_the_majority() -> None:
    texts = ["Well, a!", "Well, b.", "Well, c?"]
    lines = told(counted(Habits(), [post(t, "", t) for t in texts]), "headline", "", 5)
    assert "- opener: Well" in lines
    assert not any("mark" in line for line in lines)


@given(st.integers(0, len(ANN.records)))
def test_counts_of_two_portions_are_counts_of_the_whole(cut: int) -> None:
    first = counted(Habits(), ANN.records[:cut])
    assert counted(first, ANN.records[cut:]) == counted(Habits(), ANN.records)
