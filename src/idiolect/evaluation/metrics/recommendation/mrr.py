"""Mean reciprocal rank: 1 over the place of the first relevant one, 0 if it is not among the first k."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, column
from idiolect.evaluation.metrics.rankings import Ranked


@dataclass(frozen=True)
class MRR(Ranked):
    """For questions with one right answer."""

    card = Card(formula="1 / min{i <= k: rel_i > 0}", source="Voorhees 1999; ranx's mrr")

    def statistics(
        self, predictions: Sequence[Sequence[Hashable]], references: Sequence[Collection[Hashable]]
    ) -> Floats:
        """(n, 1): of each ranking."""
        found, _ = self.gains(predictions, references)
        hits = found > 0
        return column(np.where(hits.any(axis=1), 1 / (hits.argmax(axis=1) + 1), 0.0))


metric = MRR()
