"""Selective accuracy: how often answers are right that are at least so certain (Dong, Hu and Collier 2024).

accuracy of the answers with certainty >= threshold        read it beside `selective_coverage`
"""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, ratio
from idiolect.evaluation.metrics.certainty import Certain


@dataclass(frozen=True)
class SelectiveAccuracy(Certain):
    """Where nothing is as certain, there is nothing to measure."""

    threshold: float = 0.8
    card = Card(
        formula="share of right answers among those with certainty ≥ threshold",
        source="Dong et al. 2024",
        version=2,  # numbers that are equal are one label, whatever their types
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        kept = statistics[:, 0] >= self.threshold
        return ratio(weights @ (kept * statistics[:, 1]), weights @ kept.astype(float))


metric = SelectiveAccuracy()
