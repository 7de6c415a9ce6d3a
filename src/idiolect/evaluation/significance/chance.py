"""Tests that ask how odd a difference would be if it were chance which side is which.

Sources: Fisher 1935 (exchanges of sides); Wilcoxon 1945 (signed ranks); Holm 1979 (many comparisons).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.evaluation.metrics import Floats, Metric, evenly
from idiolect.evaluation.significance.bootstrap import CHUNK, PLACES, RESAMPLES, indexed


def permutation(differences: Sequence[float] | Floats, *, resamples: int = RESAMPLES, seed: int = 0) -> float:
    """Two-sided p of a mean difference, if it is chance which side of each user is which.

    All 2^U exchanges where they are no more than `resamples`, else so many drawn ones, with one added to both counts.
    """
    values = np.asarray(differences, dtype=np.float64).round(PLACES)
    signs = np.concatenate([1 - 2.0 * swaps for swaps in _swaps(len(values), resamples, seed)])
    return _share(signs @ values, float(values.sum()), exact=2 ** len(values) <= resamples)


def exchanged(
    metric: Metric, a: Floats, b: Floats, owners: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0
) -> float:
    """`permutation` for any metric over examples: both sides are reduced anew after each exchange.

    Raises:
        BadInput: the metric is over pairs of users, of whom one alone cannot change sides.
    """
    names, index = indexed(metric, a, b, owners)
    if a.ndim == 3:
        raise BadInput(metric.signature, "it is over pairs of users", "Use compare, which draws users")
    both, even = np.concatenate([a, b]), evenly(owners)

    def difference(swaps: Floats) -> Floats:
        stay, go = (1 - swaps[:, index]) * even, swaps[:, index] * even
        return metric.reduce(both, np.hstack([stay, go])) - metric.reduce(both, np.hstack([go, stay]))

    parts = []
    for swaps in _swaps(len(names), resamples, seed):
        pieces = max(1, swaps.shape[0] * 2 * len(index) // CHUNK)
        parts += [difference(rows) for rows in np.array_split(swaps, pieces)]
    found = float(difference(np.zeros((1, len(names))))[0])
    return _share(np.concatenate(parts), found, exact=2 ** len(names) <= resamples)


def _swaps(users: int, resamples: int, seed: int) -> Iterator[Floats]:
    """(b, users) in chunks: 1 where a user's sides are exchanged."""
    if not users:
        raise BadInput("permutation", "there is no user on both sides", "Answer the same queries in both arms")
    if 2**users <= resamples:
        yield (np.arange(2**users)[:, None] >> np.arange(users) & 1).astype(np.float64)
        return
    generator, step = np.random.default_rng(seed), max(1, CHUNK // users)
    for start in range(0, resamples, step):
        yield generator.integers(0, 2, size=(min(step, resamples - start), users)).astype(np.float64)


def _share(values: Floats, found: float, *, exact: bool) -> float:
    """The share of values as far from 0 as the one that was found.

    Raises:
        BadInput: one is no number: it is as far from 0 as nothing, and the share would be too small.
    """
    if not (np.isfinite(found) and np.isfinite(values).all()):
        fix = "Take more users, or a metric that all of them have a value of"
        raise BadInput("permutation", "a score is NaN, or an exchange leaves nothing to measure", fix)
    far = int((np.abs(values) >= abs(found) - 1e-12).sum())
    return far / len(values) if exact else (far + 1) / (len(values) + 1)


def wilcoxon(differences: Sequence[float] | Floats) -> float:
    """Two-sided p of the signed-rank test: of ranks, so that a few users with huge differences do not decide."""
    try:
        from scipy import stats
    except ImportError as error:
        raise MissingExtra("scipy", "eval") from error
    values = np.asarray(differences, dtype=np.float64).round(PLACES)
    values = values[values != 0]
    if 2 ** len(values) <= RESAMPLES:  # all exchanges of signs at once: scipy makes them one by one where ranks tie
        return permutation(np.sign(values) * stats.rankdata(np.abs(values))) if len(values) else 1.0
    return float(stats.wilcoxon(values).pvalue)


def holm(p: Sequence[float]) -> list[float]:
    """Adjusted p of a family, in the order given: below .05 means significant though so many were tried."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    adjusted, floor = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        floor = max(floor, min(1.0, (len(p) - rank) * p[i]))
        adjusted[i] = floor
    return adjusted
