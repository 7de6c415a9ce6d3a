"""Is a difference more than chance? Paired bootstrap over users, Holm's correction, and the verdict in words.

Users are drawn again, not answers: sixteen answers of one person are not sixteen witnesses. Every comparison is paired:
both sides see the same users, the same queries and the same resamples.

Sources: Efron and Tibshirani 1993 (percentile interval, achieved significance level with one added to both counts, so
that no p is ever 0); Holm 1979 (step-down correction).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import Metric

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RESAMPLES = 10_000
_CHUNK = 2_000_000  # drawn indices held at once: 16 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its limits (percentiles of the resampled means) and the two-sided p of "it is 0"."""

    mean: float
    low: float
    high: float
    p: float
    users: int

    @property
    def clear(self) -> bool:
        """Whether the limits leave out 0."""
        return self.low > 0 or self.high < 0


def per_user(scores: Iterable[tuple[str, str, int, float]]) -> dict[str, float]:
    """One number a user from (user, query, seed, score): mean over seeds for each query, then over his queries."""
    cells: dict[str, dict[str, list[float]]] = {}
    for user, query, _seed, score in scores:
        cells.setdefault(user, {}).setdefault(query, []).append(score)
    return {u: float(np.mean([np.mean(s) for s in queries.values()])) for u, queries in cells.items()}


def draws(users: int, resamples: int, seed: int) -> Iterator[Ints]:
    """The users of each resample, (b, users), in chunks of b resamples; the same for every comparison of a seed."""
    generator = np.random.default_rng(seed)
    step = max(1, _CHUNK // max(users, 1))
    for start in range(0, resamples, step):
        yield generator.integers(0, users, size=(min(step, resamples - start), users))


def paired(differences: Sequence[float] | Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The mean of one difference a user, with 95 % limits.

    Args:
        differences: (U,) score of this side minus score of the other, one a user.

    Raises:
        BadInput: no user, or a score that is no number.
    """
    values = np.asarray(differences, dtype=np.float64)
    if not len(values):
        raise BadInput("paired bootstrap", "there is no user on both sides", "Answer the same queries in both arms")
    if not np.isfinite(values).all():
        raise BadInput("paired bootstrap", "a score is NaN or infinite", "Look for it in examples.jsonl")
    means = np.concatenate([values[d].mean(axis=1) for d in draws(len(values), resamples, seed)])
    return _interval(float(values.mean()), means, len(values))


def between(a: Mapping[str, float], b: Mapping[str, float], *, sign: int = 1, seed: int = 0) -> Interval | None:
    """`paired` over the users that both sides have; None where there is none. sign=-1: lower scores are better."""
    users = sorted(a.keys() & b.keys())
    return paired([sign * (a[u] - b[u]) for u in users], seed=seed) if users else None


def compare(
    metric: Metric, a: Floats, b: Floats, owners: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """The same for any metric, also one that is no mean: users are weighed, then the metric reduces.

    Args:
        a, b: (n, s) statistics of the same n examples on both sides.
        owners: (n,) whose example each is.
    """
    names, index = np.unique(np.asarray(owners), return_inverse=True)
    share = 1.0 / np.bincount(index)[index]  # each user weighs the same, however many examples he has
    sign = 1.0 if metric.higher_is_better else -1.0

    def difference(weights: Floats) -> Floats:
        return sign * (metric.reduce(a, weights) - metric.reduce(b, weights))

    parts = []
    for drawn in draws(len(names), resamples, seed):
        for rows in np.array_split(drawn, max(1, drawn.shape[0] * len(index) // _CHUNK)):
            counts = np.stack([np.bincount(r, minlength=len(names)) for r in rows])
            parts.append(difference(counts[:, index] * share))
    return _interval(float(difference(share[None])[0]), np.concatenate(parts), len(names))


def _interval(mean: float, means: Floats, users: int) -> Interval:
    low, high = np.percentile(means, [2.5, 97.5])
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = min(1.0, 2 * (tail + 1) / (len(means) + 1))
    return Interval(mean=mean, low=float(low), high=float(high), p=p, users=users)


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p of a family, in the order given: below .05 means significant though so many were tried."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, floor = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        floor = max(floor, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = floor
    return adjusted


def words(what: str, interval: Interval | None, against: str) -> str:
    """One sentence on a comparison; what noise explains is said to be noise."""
    if interval is None:
        return f"{what} was not compared with {against}."
    limits = f"{interval.mean:+.3f}, 95 % limits {interval.low:+.3f} to {interval.high:+.3f}, {interval.users} users"
    if not interval.clear:
        return f"{what} cannot be told from {against}: the difference may be noise ({limits})."
    return f"{what} is {'better' if interval.mean > 0 else 'worse'} than {against} ({limits})."
