"""Slope of alignment over turns: does the assistant come to suit its user? (ALOE's IR, LikeBench's improvement rate)

least squares of AL(k) on k = 1 .. K        AL(k) = mean over conversations of the judge's score at turn k
"""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats
from idiolect.evaluation.metrics.trend import Turned


@dataclass(frozen=True)
class AlignmentSlope(Turned):
    """Points a turn; a high level that was there from the first turn has a slope of 0."""

    card = Card(
        formula="slope of the line AL(k) on k",
        source="Wu et al. 2024 (ALOE); Rahman et al. 2025 (LikeBench)",
        low=float("-inf"),
        high=float("inf"),
        alone=True,
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights of the conversations."""
        return self.line(statistics, weights)[0]


metric = AlignmentSlope()
