"""Forgetting: the curve by hand, what recall does, who goes first, and that what is pinned stays."""

from __future__ import annotations

import math

import pytest

from idiolect.memory.forget import DAY, Trace, crowded_out, expired, faded, heat, recall, retention

NOW = 100 * DAY


def trace(id: str, days: float, **more: object) -> Trace:
    return Trace(id=id, time=NOW - days * DAY, **more)  # type: ignore[arg-type]


def test_retention_is_one_now_and_one_over_e_after_as_many_days_as_it_is_strong() -> None:
    assert retention(trace("a", 0), NOW) == 1.0
    assert retention(trace("a", 1), NOW) == pytest.approx(1 / math.e)
    assert retention(trace("a", 3, recalls=2), NOW) == pytest.approx(1 / math.e)


def test_a_recall_makes_it_stronger_and_starts_the_days_anew() -> None:
    after = recall(trace("a", 10), NOW)
    assert (after.recalls, retention(after, NOW)) == (1, 1.0)
    assert retention(after, NOW + 2 * DAY) > retention(trace("b", 0), NOW + 2 * DAY)


def test_what_faded_is_named_and_what_is_pinned_is_not() -> None:
    assert faded([trace("old", 9), trace("new", 1), trace("kept", 9, pinned=True)], NOW, 0.1) == ["old"]


def test_what_ended_is_named_on_the_day() -> None:
    assert expired([trace("a", 9, until=NOW), trace("b", 9, until=NOW + 1), trace("c", 9)], NOW) == ["a"]


def test_heat_is_recalls_over_days() -> None:
    assert heat(trace("a", 3, recalls=8), NOW) == 2.0


@pytest.mark.parametrize(("by", "gone"), [("fifo", "often"), ("lfu", "fresh"), ("heat", "fresh")])
def test_each_order_drops_another_memory_first(by: str, gone: str) -> None:
    traces = [trace("often", 30, recalls=9, recalled=NOW - 20 * DAY), trace("fresh", 1), trace("mid", 9, recalls=3)]
    assert crowded_out(traces, NOW, 2, by)[0] == gone


def test_heat_lets_go_of_what_was_often_recalled_long_ago_and_lfu_does_not() -> None:
    traces = [trace("once", 90, recalls=5), trace("lately", 2, recalls=4, recalled=NOW)]
    assert crowded_out(traces, NOW, 1, "heat") == ["once"]
    assert crowded_out(traces, NOW, 1, "lfu") == ["lately"]


def test_capacity_leaves_pinned_memories_and_drops_no_more_than_needed() -> None:
    traces = [trace("a", 9, pinned=True), trace("b", 8), trace("c", 7)]
    assert crowded_out(traces, NOW, 2, "fifo") == ["b"]
    assert crowded_out(traces, NOW, 0, "fifo") == ["b", "c"]
    assert crowded_out(traces, NOW, 5, "fifo") == []
