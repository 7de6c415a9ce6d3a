"""One measured number with its limits, and one comparison of two of them over users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from idiolect.evaluation.metrics import Floats, Metric
from idiolect.evaluation.significance.bootstrap import draws
from idiolect.evaluation.significance.effects import Effect, effect

RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure. `low`, `high`: 95 % limits, users drawn again; None where there is one user.

    `ours`: a method of this package; `control`: ours under somebody else's data. `scores`: by user, for comparisons.
    """

    part: str
    method: str
    metric: str
    value: float
    low: float | None
    high: float | None
    users: int
    items: int
    ours: bool = False
    control: bool = False
    higher_is_better: bool = True
    scores: Mapping[str, float] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        """How the figure is named among published ones."""
        return f"{self.part} | {self.method} | {self.metric}"


@dataclass(frozen=True, slots=True)
class Label:
    """What a row is of."""

    part: str
    method: str
    ours: bool = False
    control: bool = False


def mean(
    label: Label,
    metric: str,
    values: Sequence[float] | Floats,
    owners: Sequence[str],
    *,
    by_user: bool = False,
    lower: bool = False,
) -> Row:
    """The mean over examples, or over users of their means; limits by drawing whole users again.

    Args:
        values: (n,) one an example. owners: (n,) whose it is. lower: less is better.
    """
    numbers = np.asarray(values, dtype=np.float64)
    names, index = np.unique(np.asarray(owners), return_inverse=True)
    sums, counts = np.bincount(index, numbers), np.bincount(index).astype(np.float64)
    if by_user:
        sums, counts = np.divide(sums, counts), np.ones(len(names))
    drawn = [sums[d].sum(axis=1) / counts[d].sum(axis=1) for d in draws(len(names), RESAMPLES, 0)]
    low, high = _limits(np.concatenate(drawn)) if len(names) > 1 else (None, None)
    scores = np.bincount(index, numbers) / np.bincount(index)
    return Row(
        part=label.part,
        method=label.method,
        metric=metric,
        value=float(sums.sum() / counts.sum()),
        low=low,
        high=high,
        users=len(names),
        items=len(numbers),
        ours=label.ours,
        control=label.control,
        higher_is_better=not lower,
        scores=dict(zip(names.tolist(), scores.tolist(), strict=True)),
    )


def known(label: Label, metric: str, found: Sequence[tuple[float, str]]) -> Iterator[Row]:
    """The mean over examples whose value is a number; no row where there are none.

    Args:
        found: (n,) of each example its value, NaN where it has none, and whose it is.
    """
    numbers = [(value, owner) for value, owner in found if np.isfinite(value)]
    if numbers:
        yield mean(label, metric, [value for value, _ in numbers], [owner for _, owner in numbers])


def reduced(label: Label, name: str, metric: Metric, statistics: Floats, owners: Sequence[str]) -> Row:
    """The same for a metric that is no mean, such as macro-F1 of all examples together."""
    names, index = np.unique(np.asarray(owners), return_inverse=True)
    values = []
    for drawn in draws(len(names), RESAMPLES, 0):
        for part in np.array_split(drawn, max(1, drawn.shape[0] * len(index) // 2_000_000)):
            weights = np.stack([np.bincount(d, minlength=len(names)) for d in part])[:, index].astype(np.float64)
            values.append(metric.reduce(statistics, weights))
    low, high = _limits(np.concatenate(values)) if len(names) > 1 else (None, None)
    alone = [float(metric.reduce(statistics[index == i], np.ones(int((index == i).sum())))) for i in range(len(names))]
    return Row(
        part=label.part,
        method=label.method,
        metric=name,
        value=float(metric.reduce(statistics, np.ones(len(index)))),
        low=low,
        high=high,
        users=len(names),
        items=len(index),
        ours=label.ours,
        control=label.control,
        higher_is_better=metric.higher_is_better,
        scores=dict(zip(names.tolist(), alone, strict=True)),
    )


def _limits(values: Floats) -> tuple[float, float]:
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return float(low), float(high)


def contrast(one: Row, other: Row) -> Effect | None:
    """One row against another over the users of both; None where fewer than two have a value on both sides."""
    both = [u for u in one.scores if np.isfinite([one.scores[u], other.scores.get(u, np.nan)]).all()]
    if len(both) < 2:
        return None
    mine, theirs = ({u: row.scores[u] for u in both} for row in (one, other))
    return effect(one.method, mine, other.method, theirs, sign=1 if one.higher_is_better else -1)
