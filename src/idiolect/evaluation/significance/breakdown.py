"""Whom does it help, and whom does it harm? A mean over users hides both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import Floats, Metric
from idiolect.evaluation.significance.bootstrap import Interval, between

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)


def by_user(metric: Metric, statistics: Floats, owners: Sequence[str]) -> dict[str, float]:
    """The metric of each user's own examples; NaN where they leave nothing to measure.

    Args:
        statistics: (n, s). owners: (n,) whose example each is.

    Raises:
        BadInput: not one owner an example, or a metric over pairs, which no user has alone.
    """
    if statistics.ndim != 2 or len(statistics) != len(owners):
        what = f"{len(owners)} owners for statistics of shape {statistics.shape}"
        raise BadInput(metric.signature, what, "Give one owner an example, of a metric that is not over pairs")
    names, index = np.unique(np.asarray(owners), return_inverse=True)
    order = np.argsort(index, kind="stable")
    parts = np.split(statistics[order], np.cumsum(np.bincount(index))[:-1])
    values = [float(metric.reduce(part, np.ones(len(part)))) for part in parts]
    return dict(zip(names.tolist(), values, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One group's users: how they fare, and the difference with its limits."""

    group: str
    users: int
    score: float
    other: float
    interval: Interval

    @property
    def harmed(self) -> bool:
        """Whether it is worse off beyond noise."""
        return self.interval.clear and self.interval.mean < 0


def by_group(
    scores: Mapping[str, float], others: Mapping[str, float], groups: Mapping[str, str], *, sign: int = 1
) -> list[Part]:
    """Group by group, the worst off first, over the users that both sides and `groups` have.

    Args:
        scores, others: one number a user. groups: the group of each user. sign: -1 where lower scores are better.

    Raises:
        BadInput: a user with scores is of no group.
    """
    both = scores.keys() & others.keys()
    stray = sorted(both - groups.keys())
    if stray:
        raise BadInput("breakdown", f"user {stray[0]!r} (of {len(stray)}) is of no group", "Name a group for everybody")
    parts = []
    for group in sorted({groups[u] for u in both}):
        mine = {u for u in both if groups[u] == group}
        a, b = ({u: side[u] for u in mine} for side in (scores, others))
        interval = between(a, b, sign=sign)
        assert interval is not None
        means = [float(np.mean(list(side.values()))) for side in (a, b)]
        parts.append(Part(group=group, users=len(mine), score=means[0], other=means[1], interval=interval))
    return sorted(parts, key=lambda p: p.interval.mean)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How differences lie over users: shares better, worse and the same, quantiles, and the mean of the worst tenth."""

    better: float
    worse: float
    same: float
    quantiles: dict[float, float]
    worst_tenth: float


def spread(differences: Sequence[float] | Floats) -> Spread:
    """Of one difference a user, above 0 better.

    Raises:
        BadInput: there is no user.
    """
    values = np.sort(np.asarray(differences, dtype=np.float64))
    if not len(values):
        raise BadInput("breakdown", "there is no user on both sides", "Answer the same queries in both arms")
    better, worse = float((values > 0).mean()), float((values < 0).mean())
    tenth = values[: max(1, len(values) // 10)]
    return Spread(
        better=better,
        worse=worse,
        same=float((values == 0).mean()),
        quantiles={q: float(np.quantile(values, q)) for q in QUANTILES},
        worst_tenth=float(tenth.mean()),
    )
