"""EGISES: how insensitive a model is to what its users find different (Vansh et al. 2023). See `degress`."""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats
from idiolect.evaluation.metrics.pairs import Personal


@dataclass(frozen=True)
class EGISES(Personal):
    """0 where the texts for two users differ as much as the two users' own; near 1 where everybody gets the same."""

    card = Card(
        formula="1 - DEGRESS",
        source="Vansh et al. 2023, its authors' code",
        higher_is_better=False,
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., m) weights of the users."""
        return 1 - self.degress(statistics, weights)


metric = EGISES()
