"""Accuracy: the share of labels that are equal after trimming and lower-casing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column
from idiolect.evaluation.metrics.labels import coded


@dataclass(frozen=True)
class Accuracy(Mean, Named):
    """For labels from a closed set: letter case and a final full stop are no part of a label."""

    card = Card(
        formula="share of examples with ŷ = y",
        source="scikit-learn's accuracy_score",
        version=2,  # numbers that are equal are one label, whatever their types
    )

    def statistics(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n, 1): 1 where the labels agree."""
        return column(coded(predictions) == coded(references))


metric = Accuracy()
