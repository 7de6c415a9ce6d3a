"""A line through what conversations reach turn by turn.

Prediction of an example: the scores of one conversation, first turn first, None where a turn was not applicable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Floats, Named, ratio


@dataclass(frozen=True)
class Turned(Named):
    """`normalised` first stretches the levels to [0, 1], so that scales can be compared (ALOE's N-IR and N-R²)."""

    normalised: bool = False

    def statistics(self, predictions: Sequence[Sequence[float | None]], references: Sequence[object]) -> Floats:
        """(n, 2 K): the score of each of K turns, 0 where there is none, and whether there is one.

        Raises:
            BadInput: no conversation has two turns.
        """
        length = max((len(p) for p in predictions), default=0)
        if length < 2:
            raise BadInput(self.name, "no conversation has two turns", "Give the scores of every turn, in order")
        table = np.zeros((len(predictions), 2 * length))
        for row, scores in enumerate(predictions):
            for turn, score in enumerate(scores):
                if score is not None:
                    table[row, [turn, length + turn]] = score, 1
        return table

    def line(self, statistics: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
        """Slope a turn, value before the first turn, and R², each (...) under (..., n) weights."""
        sums = weights @ statistics
        scores, there = np.split(sums, 2, axis=-1)
        levels = ratio(scores, there)
        if self.normalised:
            low = np.where(there > 0, levels, np.inf).min(axis=-1, keepdims=True)
            high = np.where(there > 0, levels, -np.inf).max(axis=-1, keepdims=True)
            levels = np.divide(levels - low, high - low, out=np.zeros_like(levels), where=high > low)
        return fitted(np.where(there > 0, levels, 0.0), (there > 0).astype(np.float64))


def fitted(levels: Floats, there: Floats) -> tuple[Floats, Floats, Floats]:
    """Least squares of (..., K) levels on the turns 1 to K that are `there`.

    NaN where there is one turn; where all levels are equal, R² is 1, for the line leaves nothing over.
    """
    turns = np.arange(1, levels.shape[-1] + 1)
    count = there.sum(axis=-1)
    x, y = ratio((there * turns).sum(axis=-1), count), ratio((there * levels).sum(axis=-1), count)
    from_x, from_y = there * (turns - x[..., None]), there * (levels - y[..., None])
    slope = ratio((from_x * from_y).sum(axis=-1), (from_x**2).sum(axis=-1))
    over, whole = ((from_y - slope[..., None] * from_x) ** 2).sum(axis=-1), (from_y**2).sum(axis=-1)
    explained = 1 - np.divide(over, whole, out=np.zeros_like(whole), where=whole > 0)
    return slope, y - slope * x, explained
