"""The bootstrap over users: draw them again with replacement, and see how far the difference moves.

Users are drawn, not answers: sixteen answers of one person are not sixteen witnesses. Both sides see the same users,
the same queries and the same draws. Limits are percentiles of the drawn differences; p is the achieved significance
level with one added to both counts, so that it is never 0 (Efron and Tibshirani 1993). A few users who agree leave the
draws no room to differ: there p is what an exchange of sides would allow at least, and the limits say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import Floats, Metric, evenly

Ints = npt.NDArray[np.int64]

RESAMPLES = 10_000
LEVEL, POWER = 0.05, 0.8
PLACES = 12  # decimals of a difference that are its own: the means of equal scores differ in the last bits
CHUNK = 2_000_000  # drawn indices held at once: 16 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A mean with its limits (percentiles of the resampled means) and the two-sided p of "it is 0".

    `detectable`: the smallest true difference that so many users would show four times in five.
    """

    mean: float
    low: float
    high: float
    p: float
    users: int
    detectable: float = 0.0

    @property
    def clear(self) -> bool:
        """Whether the limits leave out 0, of users enough for that to mean something."""
        return (self.low > 0 or self.high < 0) and enough(self.users)


def enough(users: int) -> bool:
    """Whether so many could show anything: six. Five who all lean one way do so by chance one time in sixteen."""
    return _least(users) <= LEVEL


def _least(users: int) -> float:
    """The smallest two-sided p that so many users allow: all exchanged, or none, of 2^users exchanges of sides."""
    return min(1.0, 2.0 ** (1 - users))


def per_user(scores: Iterable[tuple[str, str, int, float]]) -> dict[str, float]:
    """One number a user from (user, query, seed, score): mean over seeds for each query, then over his queries."""
    cells: dict[str, dict[str, list[float]]] = {}
    for user, query, _seed, score in scores:
        cells.setdefault(user, {}).setdefault(query, []).append(score)
    return {u: float(np.mean([np.mean(s) for s in queries.values()])) for u, queries in cells.items()}


def draws(users: int, resamples: int, seed: int) -> Iterator[Ints]:
    """The users of each resample, (b, users), in chunks of b resamples; the same for every comparison of a seed."""
    generator = np.random.default_rng(seed)
    step = max(1, CHUNK // max(users, 1))
    for start in range(0, resamples, step):
        yield generator.integers(0, users, size=(min(step, resamples - start), users))


def paired(differences: Sequence[float] | Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """The mean of one difference a user, with 95 % limits.

    Args:
        differences: (U,) score of this side minus score of the other, one a user.

    Raises:
        BadInput: no user, or a score that is no number.
    """
    values = np.asarray(differences, dtype=np.float64).round(PLACES)
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
        a, b: (n, s) statistics of the same n examples on both sides; (m, m, s) of a metric over pairs of m users.
        owners: (n,) whose example each is; (m,) the users.

    Raises:
        BadInput: the sides do not have the same examples, or a draw of users leaves the metric nothing to measure.
    """
    names, index = indexed(metric, a, b, owners)
    even = evenly(owners)  # each user weighs the same, however many examples he has
    sign = 1.0 if metric.higher_is_better else -1.0

    def difference(weights: Floats) -> Floats:
        return sign * (metric.reduce(a, weights) - metric.reduce(b, weights))

    parts = []
    for drawn in draws(len(names), resamples, seed):
        for rows in np.array_split(drawn, max(1, drawn.shape[0] * a[..., 0].size // CHUNK)):
            counts = np.stack([np.bincount(r, minlength=len(names)) for r in rows])
            parts.append(difference(counts[:, index] * even))
    values = np.concatenate(parts)
    if np.isnan(values).any():
        what = f"in {np.isnan(values).mean():.1%} of the draws of users there is nothing to measure"
        raise BadInput(metric.signature, what, "Take more users, or a metric that all of them have a value of")
    return _interval(float(difference(even[None])[0]), values, len(names))


def indexed(metric: Metric, a: Floats, b: Floats, owners: Sequence[str]) -> tuple[Sequence[str], Ints]:
    """The users, and the place of each example's among them."""
    if len(a) != len(owners) or len(b) != len(owners) or not len(owners):
        what = f"{len(a)} and {len(b)} examples for {len(owners)} owners"
        raise BadInput(metric.signature, what, "Compare the same examples, and say of each whose it is")
    names, index = np.unique(np.asarray(owners), return_inverse=True)
    if a.ndim == 3 and len(names) < len(owners):
        raise BadInput(metric.signature, "a user stands twice among the pairs", "Give each user once, in row order")
    return names.tolist(), index


def _interval(mean: float, means: Floats, users: int) -> Interval:
    low, high = np.percentile(means, [2.5, 97.5])
    tail = min(int((means <= 0).sum()), int((means >= 0).sum()))
    p = max(min(1.0, 2 * (tail + 1) / (len(means) + 1)), _least(users))
    detectable = reach() * float(means.std())
    return Interval(mean=mean, low=float(low), high=float(high), p=p, users=users, detectable=detectable)


def reach(level: float = LEVEL, power: float = POWER) -> float:
    """How many standard errors a true difference must be to be found at that level with that power; 2.80."""
    return NormalDist().inv_cdf(1 - level / 2) + NormalDist().inv_cdf(power)
