"""PerSEval: responsiveness to users, held back where accuracy suffers (Dasgupta et al. 2024).

    S(x; a, b) = 1 / (1 + 10^a exp(-10^b x))            a_j = d(s_j, u_j), a* its minimum, ā its mean over a document
    ADP   = S(a* / (1 - a* + ε); 4, 1)                   ACP_j = S((a_j - a*) / (ā - a* + ε); 4, 1)
    EDP_j = 1 - S(ADP + ACP_j; 3, 1) + ε                 PerSEval = mean over documents and users of Dev(s_j) EDP_j

With these constants EDP is nearly a step: it passes who is near the best of his document and crushes the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, ratio
from idiolect.evaluation.metrics.pairs import Block, Personal

EPSILON = 1e-7


@dataclass(frozen=True)
class PerSEval(Personal):
    """The product is taken for each text, not of the two means."""

    card = Card(
        formula="mean_i mean_j Dev(s_ij) · EDP_ij",
        source="Dasgupta et al. 2024, its authors' code",
    )

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., m) weights of the users."""
        return self.mean(statistics, weights, self._held_back)

    def _held_back(self, block: Block) -> tuple[Floats, Floats]:
        dev, users = self.responsive(block)
        return dev * penalty(block.missed, users), users


def step(x: Floats, a: float, b: float) -> Floats:
    """S(x; a, b)."""
    with np.errstate(over="ignore"):
        found: Floats = 1 / (1 + 10**a * np.exp(-(10**b) * np.asarray(x, dtype=np.float64)))
    return found


def penalty(missed: Floats, weights: Floats) -> Floats:
    """EDP (..., p) of (p,) distances to the users' own texts, under (..., p) weights; who weighs 0 is not there."""
    best = np.where(weights > 0, missed, np.inf).min(axis=-1, keepdims=True)
    best = np.where(np.isfinite(best), best, 0.0)  # nobody is there: nothing is read of it
    mean = ratio((missed * weights).sum(axis=-1), weights.sum(axis=-1))[..., None]
    drop = step(best / (1 - best + EPSILON), 4, 1)
    uneven = step((missed - best) / (np.where(np.isnan(mean), best, mean) - best + EPSILON), 4, 1)
    return 1 - step(drop + uneven, 3, 1) + EPSILON


metric = PerSEval()
