"""Rationality: the gain of the group that gains least from being known (Suriyakumar, Ghassemi and Ustun 2023).

min over groups g of R_g(h_0) - R_g(h_g)        personalisation is rational where none is below 0
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats
from idiolect.evaluation.metrics.groups import Audited


@dataclass(frozen=True)
class Rationality(Audited):
    """The worst group decides: a mean would hide whom personalisation harms. `groups` gives all."""

    card = Card(
        formula="min_g R_g(h_0) - R_g(h_g)",
        source="Suriyakumar et al. 2023",
        low=float("-inf"),
        high=float("inf"),
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights, over the groups that are there."""
        gains, _ = self.audit(statistics, weights)
        least: Floats = np.where(np.isnan(gains), np.inf, gains).min(axis=-1)
        return np.where(np.isfinite(least), least, np.nan)


metric = Rationality()
