"""Root mean squared error of a rating read from text."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, column, ratio
from idiolect.evaluation.metrics.ratings import Rated


@dataclass(frozen=True)
class RMSE(Rated):
    """Far misses weigh more than near ones. A text without a number counts as the farther end."""

    card = Card(
        formula="√(1/n Σ (y - ŷ)²)",
        source="scikit-learn's root_mean_squared_error",
        high=float("inf"),
        higher_is_better=False,
        version=2,  # a number outside the scale is no rating
    )

    def statistics(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n, 1): the squared distance of each rating from its reference."""
        return column(self.errors(predictions, references) ** 2)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        return np.sqrt(ratio(weights @ statistics[:, 0], weights.sum(axis=-1)))


metric = RMSE()
