"""Compressing: lines that were said, within a budget, what is said twice once."""

from __future__ import annotations

from idiolect.memory.compress import Line, roll
from idiolect.memory.context import estimate


def lines(*texts: str) -> list[Line]:
    return [Line(source=str(i), text=text) for i, text in enumerate(texts)]


def test_a_summary_never_exceeds_its_budget() -> None:
    said = lines(*(f"I saw {word} and {word}s near the {word} house" for word in ("fox", "owl", "elk", "cat", "dog")))
    for budget in (0, 5, 12, 20, 40, 1000):
        assert sum(estimate(line.text) for line in roll((), said, budget)) <= budget


def test_all_that_fits_stays_in_the_order_it_was_said() -> None:
    said = lines("I play the cello", "My sister lives in Oslo", "The boat is red")
    assert roll((), said, 1000) == tuple(said)


def test_what_is_said_twice_stands_once_with_its_first_source() -> None:
    assert roll(lines("I play the cello."), lines("By the way, I play the cello!"), 1000) == tuple(
        lines("I play the cello.")
    )


def test_what_more_lines_are_about_is_kept() -> None:
    said = lines("Anna sails boats", "We ate soup", "Boats of Anna", "Anna and boats again", "A lamp broke")
    (kept,) = roll((), said, estimate("Anna sails boats"))
    assert "Anna" in kept.text


def test_an_old_summary_and_new_lines_are_summed_up_together() -> None:
    old = roll((), lines("The boat race in Oslo was won by Anna", "It rained"), 14)
    new = [Line(source="9", text="Anna moved to Quito")]
    assert [line.source for line in roll(old, new, 1000)] == ["0", "9"]


def test_every_line_is_one_that_was_said() -> None:
    said = lines("I play the cello", "My sister lives in Oslo")
    assert set(roll((), said, 8)) <= set(said)
