"""F1 of one class against all others."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Named
from idiolect.evaluation.metrics.labels import code, coded, f1, label


@dataclass(frozen=True)
class F1Binary(Named):
    """`positive` is the class that is looked for; 0 where it was neither said nor right."""

    positive: str = "1"
    card = Card(
        formula="2PR / (P + R) of the positive class",
        source="scikit-learn's f1_score(average='binary')",
        version=2,  # numbers that are equal are one label, whatever their types
    )

    def statistics(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n, 3): whether it was a hit, was said, was right."""
        wanted = code(label(self.positive))
        said, gold = coded(predictions) == wanted, coded(references) == wanted
        return np.stack([said & gold, said, gold], axis=1).astype(np.float64)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        counts = weights @ statistics
        return f1(counts[..., 0], counts[..., 1], counts[..., 2])


metric = F1Binary()
