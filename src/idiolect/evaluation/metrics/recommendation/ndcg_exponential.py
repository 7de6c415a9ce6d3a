"""Normalised discounted cumulative gain at k, of gains 2^rel - 1 (Burges et al. 2005)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, column
from idiolect.evaluation.metrics.rankings import Ranked, discounted


@dataclass(frozen=True)
class NDCGExponential(Ranked):
    """High grades weigh much more than in `ndcg`; with grades of 0 and 1 both are the same."""

    card = Card(
        formula="Σ (2^rel_i - 1) / log2(i + 1), over the same of the best order",
        source="Burges et al. 2005; ranx's ndcg_burges",
    )

    def statistics(
        self, predictions: Sequence[Sequence[Hashable]], references: Sequence[Collection[Hashable]]
    ) -> Floats:
        """(n, 1): of each ranking."""
        found, ideal = self.gains(predictions, references)
        return column(discounted(np.exp2(found) - 1) / discounted(np.exp2(ideal) - 1))


metric = NDCGExponential()
