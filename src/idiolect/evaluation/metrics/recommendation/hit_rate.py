"""Hit ratio at k: is anything relevant among the first k?"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, column
from idiolect.evaluation.metrics.rankings import Ranked


@dataclass(frozen=True)
class HitRate(Ranked):
    """The weakest of the ranking metrics: where in the k it stands does not matter."""

    card = Card(formula="1[Σ_{i<=k} rel_i > 0]", source="ranx's hit_rate")

    def statistics(
        self, predictions: Sequence[Sequence[Hashable]], references: Sequence[Collection[Hashable]]
    ) -> Floats:
        """(n, 1): of each ranking."""
        found, _ = self.gains(predictions, references)
        return column(found.max(axis=1) > 0)


metric = HitRate()
