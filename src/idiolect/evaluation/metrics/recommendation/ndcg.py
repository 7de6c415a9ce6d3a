"""Normalised discounted cumulative gain at k, of linear gains (Järvelin and Kekäläinen 2002)."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, column
from idiolect.evaluation.metrics.rankings import Ranked, discounted


@dataclass(frozen=True)
class NDCG(Ranked):
    """The default of scikit-learn, ranx and trec_eval; see `ndcg_exponential` for the web-search variant."""

    card = Card(
        formula="Σ rel_i / log2(i + 1), over the same of the best order",
        source="Wang et al. 2013; scikit-learn's ndcg_score, ranx's ndcg",
    )

    def statistics(
        self, predictions: Sequence[Sequence[Hashable]], references: Sequence[Collection[Hashable]]
    ) -> Floats:
        """(n, 1): of each ranking."""
        found, ideal = self.gains(predictions, references)
        return column(discounted(found) / discounted(ideal))


metric = NDCG()
