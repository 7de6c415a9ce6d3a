"""Expected calibration error: how far certainty is from being right, bin by bin (Guo et al. 2017).

Σ_b n_b / n |accuracy of bin b - mean certainty of bin b|        bins of equal width
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Card, Floats, ratio
from idiolect.evaluation.metrics.certainty import Certain
from idiolect.evaluation.metrics.labels import summed


@dataclass(frozen=True)
class Calibration(Certain):
    """A bin holds its lower end; the last one both. More bins, or fewer answers, raise it by chance."""

    bins: int = 10
    card = Card(
        formula="Σ_b n_b/n |acc(b) - conf(b)|",
        source="Guo et al. 2017",
        higher_is_better=False,
        version=2,  # numbers that are equal are one label, whatever their types
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights.

        Raises:
            BadInput: there are no bins.
        """
        if self.bins < 1:
            raise BadInput(self.name, f"there are {self.bins} bins", "Set bins to 1 or more")
        place = np.minimum((statistics[:, 0] * self.bins + 1e-9).astype(np.int64), self.bins - 1)
        gaps = summed(weights * (statistics[:, 1] - statistics[:, 0]), place, self.bins)
        return ratio(np.abs(gaps).sum(axis=-1), weights.sum(axis=-1))


metric = Calibration()
