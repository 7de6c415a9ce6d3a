"""The answers of a folder, sorted by method, task, arm and length of history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from idiolect.evaluation.ledger import FULL, Line
from idiolect.evaluation.significance import Interval, paired


@dataclass(frozen=True)
class Arm:
    """The answers of one method, task, arm and history length."""

    lines: tuple[Line, ...]

    @cached_property
    def scores(self) -> dict[str, dict[str, float]]:
        """By user and query, the mean over seeds."""
        found: dict[str, dict[str, list[float]]] = {}
        for e in self.lines:
            found.setdefault(e["user"], {}).setdefault(e["query"], []).append(e["score"])
        return {u: {q: float(np.mean(s)) for q, s in queries.items()} for u, queries in found.items()}

    @property
    def mean(self) -> float:
        """Mean over users of each user's mean."""
        return float(np.mean([np.mean(list(queries.values())) for queries in self.scores.values()]))

    @property
    def sign(self) -> int:
        """-1 where a lower score is better."""
        return 1 if self.lines[0].get("higher_is_better", True) else -1

    def over(self, other: Arm | None) -> Interval | None:
        """This arm minus another, on the queries that both have; above 0 this one is better."""
        if other is None:
            return None
        differences = []
        for user, mine in self.scores.items():
            theirs = other.scores.get(user, {})
            both = mine.keys() & theirs.keys()
            if both:
                differences.append(self.sign * float(np.mean([mine[q] - theirs[q] for q in sorted(both)])))
        return paired(differences) if differences else None


class Arms:
    """All answers, by method and task, then by arm and history; a method's tasks together, as first come first, though
    several methods were run at once."""

    def __init__(self, examples: Iterable[Line]) -> None:
        lines: dict[tuple[str, str], dict[tuple[str, int], list[Line]]] = {}
        for e in examples:
            cell = lines.setdefault((e["method"], e["task"]), {})
            cell.setdefault((e["arm"], e.get("history", FULL)), []).append(e)
        methods = list(dict.fromkeys(method for method, _ in lines))
        ordered = sorted(lines, key=lambda key: methods.index(key[0]))
        self.cells = {k: {a: Arm(tuple(es)) for a, es in lines[k].items()} for k in ordered}

    @cached_property
    def lower(self) -> dict[str, bool]:
        """By task, whether less is better."""
        return {task: arm.sign < 0 for (_, task), cell in self.cells.items() for arm in cell.values()}

    def get(self, method: str, task: str, arm: str = "own", history: int = FULL) -> Arm | None:
        """That arm, or None where it was not run."""
        return self.cells.get((method, task), {}).get((arm, history))
