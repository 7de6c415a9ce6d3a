"""PrefAlign: a judge's grades of single preferences, weighed by how much each matters to the user (PREFDISCO).

Σ_i w_i g_i / Σ_i w_i        g_i a grade of 1 to 5, w_i the user's weight of that preference
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column


@dataclass(frozen=True)
class PrefAlign(Mean, Named):
    """Predictions: the grades of one response; references: the weights of the same preferences."""

    card = Card(formula="Σ w_i g_i / Σ w_i", source="Li et al. 2025 (PREFDISCO)", low=1.0, high=5.0)

    def statistics(self, predictions: Sequence[Sequence[float]], references: Sequence[Sequence[float]]) -> Floats:
        """(n, 1): of each response.

        Raises:
            BadInput: grades outside 1 to 5, weights below 0 or all 0, or not one for each grade.
        """
        pairs = zip(predictions, references, strict=True)
        return column([self._one(n, np.asarray(g, float), np.asarray(w, float)) for n, (g, w) in enumerate(pairs)])

    def _one(self, place: int, grades: Floats, weights: Floats) -> float:
        if grades.shape != weights.shape or not (weights >= 0).all() or not weights.sum() > 0:
            what = f"example {place} has {len(grades)} grades and the weights {weights.tolist()}"
            raise BadInput(self.name, what, "Give one weight for each grade, none below 0, in sum above 0")
        if not ((grades >= 1) & (grades <= 5)).all():
            what = f"example {place} has the grades {grades.tolist()}"
            raise BadInput(self.name, what, "Grade from 1 to 5, and count what could not be read apart")
        return float(grades @ weights / weights.sum())


metric = PrefAlign()
