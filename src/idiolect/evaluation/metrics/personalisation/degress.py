"""DEGRESS: how far a model tells users apart as they tell themselves apart (Vansh et al. 2023).

w(u_j | u_k) = d(u_j, u_k) / d(u_j, doc)        X_jk = softmax_k[w(u_j | u_k)] d(u_j, u_k);  Y_jk so from the model's s
Dev(s_j) = mean_k (min(X_jk, Y_jk) + ε) / (max(X_jk, Y_jk) + ε)        DEGRESS = mean over documents and users
"""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats
from idiolect.evaluation.metrics.pairs import Personal


@dataclass(frozen=True)
class DEGRESS(Personal):
    """1 - EGISES. It asks whether texts differ, not whether they are right: read it beside an accuracy."""

    card = Card(
        formula="mean_i mean_j mean_{k≠j} (min(X, Y) + ε) / (max(X, Y) + ε)",
        source="Vansh et al. 2023, its authors' code",
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., m) weights of the users."""
        return self.degress(statistics, weights)


metric = DEGRESS()
