"""Matthews' correlation coefficient, in Gorodkin's form for any number of classes (2004: R_K).

    R_K = (h s - Σ_k p_k t_k) / sqrt((s² - Σ_k p_k²) (s² - Σ_k t_k²))

h hits, s examples, p_k how often class k was said, t_k how often it was right. Of two classes it is
(TP TN - FP FN) / sqrt((TP + FP) (TP + FN) (TN + FP) (TN + FN)).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Named
from idiolect.evaluation.metrics.labels import coded, tally


@dataclass(frozen=True)
class MCC(Named):
    """0 where only one class was said or only one was right: nothing can correlate."""

    card = Card(
        formula="(h s - Σ p_k t_k) / √((s² - Σ p_k²) (s² - Σ t_k²))",
        source="Gorodkin 2004; scikit-learn's matthews_corrcoef",
        low=-1.0,
        version=2,  # numbers that are equal are one label, whatever their types
    )

    def statistics(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n, 2): codes of the label said and the right one."""
        return np.stack([coded(predictions), coded(references)], axis=1)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        counts = tally(statistics, weights)
        size = weights.sum(axis=-1)
        top = counts.hits.sum(axis=-1) * size - (counts.said * counts.gold).sum(axis=-1)
        said, gold = (size**2 - (c**2).sum(axis=-1) for c in (counts.said, counts.gold))
        below = said * gold
        spread = (said > 1e-9 * size**2) & (gold > 1e-9 * size**2)  # sums of fractions never cancel to 0 exactly
        found: Floats = np.divide(top, np.sqrt(np.abs(below)), out=np.zeros_like(top), where=spread)
        return found


metric = MCC()
