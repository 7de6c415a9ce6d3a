"""Micro-F1: F1 of the counts of all classes together; with one label an example it equals accuracy."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Named, ratio
from idiolect.evaluation.metrics.labels import coded, tally


@dataclass(frozen=True)
class F1Micro(Named):
    """Over all classes, the junk that a generator says included."""

    card = Card(
        formula="2 Σ hits / (Σ said + Σ gold), over classes",
        source="scikit-learn's f1_score(average='micro')",
        version=2,  # numbers that are equal are one label, whatever their types
    )

    def statistics(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n, 2): codes of the label said and the right one."""
        return np.stack([coded(predictions), coded(references)], axis=1)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        counts = tally(statistics, weights)
        whole = (counts.said + counts.gold).sum(axis=-1)
        return ratio(2 * counts.hits.sum(axis=-1), whole)


metric = F1Micro()
