"""NormAlign: which part of what knowing the user is worth did asking him bring? (PREFDISCO)

    100 (Discovery - Baseline) / (Oracle - Baseline)

Discovery, Baseline and Oracle are mean PrefAlign where the assistant asks, knows nothing, and is told the preferences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Named, ratio


@dataclass(frozen=True)
class NormAlign(Named):
    """Predictions: PrefAlign of each problem after asking; references: (baseline, oracle) of the same problem.

    Below 0: asking did harm. Nothing to measure where the oracle is no better than the baseline.
    """

    card = Card(
        formula="100 (D - B) / (O - B)",
        source="Li et al. 2025 (PREFDISCO)",
        low=float("-inf"),
        high=float("inf"),
    )

    def statistics(self, predictions: Sequence[float], references: Sequence[tuple[float, float]]) -> Floats:
        """(n, 2): what asking brought, and what knowing brings."""
        rows = [[d - base, oracle - base] for d, (base, oracle) in zip(predictions, references, strict=True)]
        return np.array(rows, dtype=np.float64).reshape(-1, 2)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights: a ratio of means, not a mean of ratios."""
        sums = weights @ statistics
        return ratio(100 * sums[..., 0], np.where(sums[..., 1] > 0, sums[..., 1], 0.0))


metric = NormAlign()
