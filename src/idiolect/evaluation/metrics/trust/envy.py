"""Envy-freeness: what the group with most reason to lie would gain by it (Suriyakumar, Ghassemi and Ustun 2023).

max over groups g and reports g' of R_g(h_g) - R_g(h_g')        free of envy where none is above 0
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats
from idiolect.evaluation.metrics.groups import Audited


@dataclass(frozen=True)
class Envy(Audited):
    """Truth should be everybody's best report. `groups` gives all."""

    card = Card(
        formula="max_{g, g'} R_g(h_g) - R_g(h_g')",
        source="Suriyakumar et al. 2023",
        low=float("-inf"),
        high=float("inf"),
        higher_is_better=False,
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights, over the groups that are there."""
        _, envies = self.audit(statistics, weights)
        most: Floats = np.where(np.isnan(envies), -np.inf, envies).max(axis=-1)
        return np.where(np.isfinite(most), most, np.nan)


metric = Envy()
