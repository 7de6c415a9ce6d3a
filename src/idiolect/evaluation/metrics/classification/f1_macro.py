"""Macro-F1: the plain mean over classes of each one's F1, so that rare classes weigh as much as common ones."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Named, ratio
from idiolect.evaluation.metrics.labels import coded, f1, tally


@dataclass(frozen=True)
class F1Macro(Named):
    """A class counts where it was said or was right; one that is only said has an F1 of 0. LaMP reports this one."""

    card = Card(
        formula="mean over classes of 2PR / (P + R)",
        source="scikit-learn's f1_score(average='macro')",
        version=2,  # numbers that are equal are one label, whatever their types
    )

    def statistics(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n, 2): codes of the label said and the right one."""
        return np.stack([coded(predictions), coded(references)], axis=1)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        counts = tally(statistics, weights)
        present = (counts.said + counts.gold > 0).sum(axis=-1)
        return ratio(f1(counts.hits, counts.said, counts.gold).sum(axis=-1), present.astype(np.float64))


metric = F1Macro()
