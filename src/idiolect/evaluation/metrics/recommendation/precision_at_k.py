"""Precision at k: the share of the first k that is relevant."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, column
from idiolect.evaluation.metrics.rankings import Ranked


@dataclass(frozen=True)
class PrecisionAtK(Ranked):
    """Divided by k also where the list is shorter, as the libraries do."""

    card = Card(formula="1/k Σ_{i<=k} rel_i", source="Gunawardana and Shani 2009; ranx's precision")

    def statistics(
        self, predictions: Sequence[Sequence[Hashable]], references: Sequence[Collection[Hashable]]
    ) -> Floats:
        """(n, 1): of each ranking."""
        found, _ = self.gains(predictions, references)
        return column((found > 0).mean(axis=1))


metric = PrecisionAtK()
