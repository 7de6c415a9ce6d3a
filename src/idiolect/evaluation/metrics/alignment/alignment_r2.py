"""R² of the line of alignment over turns: is the improvement steady? See `alignment_slope`."""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats
from idiolect.evaluation.metrics.trend import Turned


@dataclass(frozen=True)
class AlignmentR2(Turned):
    """The share of the levels' variance that the line explains."""

    card = Card(
        formula="1 - Σ (AL(k) - line(k))² / Σ (AL(k) - mean)²",
        source="Wu et al. 2024 (ALOE); Rahman et al. 2025 (LikeBench)",
        alone=True,
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights of the conversations."""
        return self.line(statistics, weights)[2]


metric = AlignmentR2()
