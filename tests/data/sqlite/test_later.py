"""Work that waits: done once, not before its time, not at all when it was called off."""

from __future__ import annotations

from threading import Event

import pytest

from idiolect.data.sqlite import later as module
from idiolect.data.sqlite.later import Later


class Work:
    """Counts how often it was done; `fails` times it says that it is not done."""

    def __init__(self, fails: int = 0) -> None:
        self.times, self.fails, self.done = 0, fails, Event()

    def __call__(self) -> bool:
        self.times += 1
        if self.times > self.fails:
            self.done.set()
        return self.times > self.fails


class Hand:
    """An alarm that rings when the test says so."""

    def __init__(self) -> None:
        self.wakes: list[Later] = []

    def after(self, delay: float, later: Later) -> int:
        """Sets it."""
        self.wakes.append(later)
        return len(self.wakes)

    def ring(self) -> None:
        """All that were set come due, the oldest first."""
        for number, later in enumerate(self.wakes, 1):
            later.due(number)


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    made = Hand()
    monkeypatch.setattr(Later, "alarm", made)
    return made


def test_many_calls_are_one_piece_of_work(hand: Hand) -> None:
    later = Later(1, Work())
    for _ in range(5):
        later.soon()
    assert hand.wakes == [later]


def test_what_was_called_off_is_not_done(hand: Hand) -> None:
    work = Work()
    later = Later(1, work)
    later.soon()
    assert later.cancel()
    assert not later.cancel()
    hand.ring()
    assert work.times == 0


def test_what_was_called_off_and_is_wanted_again_is_done_once(hand: Hand) -> None:
    work = Work()
    later = Later(1, work)
    later.soon()
    later.cancel()
    later.soon()
    assert len(hand.wakes) == 2
    hand.ring()
    assert work.done.wait(10)
    hand.ring()
    assert work.times == 1


def test_what_is_not_done_is_tried_again() -> None:
    work = Work(fails=2)
    Later(0.01, work).soon()
    assert work.done.wait(10)
    assert work.times == 3


def test_what_comes_due_earlier_does_not_wait_for_what_comes_due_later() -> None:
    early, late = Work(), Work()
    slow, quick = Later(60, late), Later(0.01, early)
    slow.soon()
    quick.soon()
    assert early.done.wait(10)
    assert slow.cancel()


def test_a_forked_process_keeps_time_of_its_own() -> None:
    before, work = Later.alarm, Work()
    module._forked()
    assert Later.alarm is not before
    Later(0.01, work).soon()
    assert work.done.wait(10)
