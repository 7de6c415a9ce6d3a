"""Recall at k: the share of all that is relevant that stands among the first k."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, column
from idiolect.evaluation.metrics.rankings import Ranked, relevant


@dataclass(frozen=True)
class RecallAtK(Ranked):
    """It cannot reach 1 where more than k are relevant."""

    card = Card(formula="Σ_{i<=k} rel_i / |G|", source="Gunawardana and Shani 2009; ranx's recall")

    def statistics(
        self, predictions: Sequence[Sequence[Hashable]], references: Sequence[Collection[Hashable]]
    ) -> Floats:
        """(n, 1): of each ranking."""
        found, _ = self.gains(predictions, references)
        return column((found > 0).sum(axis=1) / relevant(references))


metric = RecallAtK()
