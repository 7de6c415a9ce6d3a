"""Leaderboards: the methods of a task in order, with limits, and which of them cannot be told from the first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.comparison.answers import Arm, Arms
from idiolect.evaluation.significance import Interval, enough, paired
from idiolect.evaluation.table import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One method's line. `x`, `low`, `high`, `base`: percent of the board's scale; `tied`: not told from the first."""

    number: int
    row: Row
    interval: Interval
    tied: bool
    works: bool
    x: float
    low: float
    high: float
    base: float | None

    @property
    def verdict(self) -> str:
        """The gain over no method in a word or two."""
        r = self.row
        if r.gain is None:
            return "not compared"
        if not enough(r.users):
            return "too few people"
        if self.works:
            return "personal"
        if r.better:
            return "better" if r.swapped_low is None else "better, not personal"
        return "harms" if r.worse else "noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """One task: its places, best first, the ends of its scale, and whether less is better (`lower`)."""

    task: str
    metric: str
    users: int
    low: float
    high: float
    lower: bool
    places: tuple[Place, ...]


def boards(arms: Arms, rows: Sequence[Row], works: Sequence[bool], metrics: dict[str, str]) -> list[Board]:
    """A board a task, in the order that tasks were run.

    Args:
        works: of each row, whether it beats no method and another user's data.
    """
    tasks = dict.fromkeys(r.task for r in rows)
    return [_board(arms, t, [(r, w) for r, w in zip(rows, works, strict=True) if r.task == t], metrics) for t in tasks]


def _board(arms: Arms, task: str, rows: list[tuple[Row, bool]], metrics: dict[str, str]) -> Board:
    found = []
    for row, works in rows:
        arm = arms.get(row.method, task)
        assert arm is not None
        found.append((row, works, arm, paired([float(np.mean(list(q.values()))) for q in arm.scores.values()])))
    sign = found[0][2].sign
    found.sort(key=lambda f: -sign * f[0].score)
    ends = [x for row, _, _, i in found for x in (i.low, i.high, *([row.base] if row.base is not None else []))]
    low, high = min(ends), max(ends)
    room = 0.04 * (high - low) or 0.5
    low, high = low - room, high + room

    def at(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    places, leader = [], found[0][2]
    for n, (row, works, arm, interval) in enumerate(found):
        places.append(
            Place(
                number=n + 1,
                row=row,
                interval=interval,
                tied=n > 0 and _tied(leader, arm),
                works=works,
                x=at(interval.mean),
                low=at(interval.low),
                high=at(interval.high),
                base=None if row.base is None else at(row.base),
            )
        )
    users, name = max(p.row.users for p in places), metrics.get(task, "")
    return Board(task=task, metric=name, users=users, low=low, high=high, lower=sign < 0, places=tuple(places))


def _tied(leader: Arm, arm: Arm) -> bool:
    """Whether noise explains what the first is ahead, on the questions of both."""
    ahead = leader.over(arm)
    return ahead is None or not ahead.clear
