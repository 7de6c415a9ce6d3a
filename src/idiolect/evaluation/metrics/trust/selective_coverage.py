"""Selective coverage: the share of answers that are at least so certain. See `selective_accuracy`."""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, ratio
from idiolect.evaluation.metrics.certainty import Certain


@dataclass(frozen=True)
class SelectiveCoverage(Certain):
    """All is covered at a threshold of 0, and accuracy bought with it as the threshold rises."""

    threshold: float = 0.8
    card = Card(formula="share of answers with certainty ≥ threshold", source="Dong et al. 2024")

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        return ratio(weights @ (statistics[:, 0] >= self.threshold).astype(float), weights.sum(axis=-1))


metric = SelectiveCoverage()
