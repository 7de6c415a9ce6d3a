"""Mean absolute error of a rating read from text."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, Mean, column
from idiolect.evaluation.metrics.ratings import Rated


@dataclass(frozen=True)
class MAE(Mean, Rated):
    """Every step on the scale weighs the same. A text without a number counts as the farther end."""

    card = Card(
        formula="1/n Σ |y - ŷ|",
        source="scikit-learn's mean_absolute_error",
        high=float("inf"),
        higher_is_better=False,
        version=2,  # a number outside the scale is no rating
    )

    def statistics(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n, 1): the distance of each rating from its reference."""
        return column(self.errors(predictions, references))


metric = MAE()
