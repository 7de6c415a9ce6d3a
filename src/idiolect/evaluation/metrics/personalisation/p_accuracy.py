"""P-Accuracy: accuracy, less what a model is insensitive to its users (Vansh et al. 2023).

    Acc (1 - α σ(β EGISES) / Acc) = Acc - α σ(β EGISES)

The two forms are one; the second divides by nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats
from idiolect.evaluation.metrics.pairs import Personal


@dataclass(frozen=True)
class PAccuracy(Personal):
    """Accuracy is 1 less the distance of each text to its user's own. Below 0 where the penalty is larger than it.

    Args:
        alpha: in [0, 1], how much the penalty weighs. beta: how steep it is. The authors leave both to the user.
    """

    alpha: float = 0.5
    beta: float = 1.0
    card = Card(formula="Acc - α σ(β EGISES)", source="Vansh et al. 2023", low=-1.0)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., m) weights of the users."""
        accuracy = 1 - self.mean(statistics, weights, lambda block: (block.missed, block.users))
        return penalised(accuracy, 1 - self.degress(statistics, weights), self.alpha, self.beta)


def penalised(accuracy: Floats, egises: Floats, alpha: float, beta: float) -> Floats:
    """Acc - α σ(β EGISES)."""
    lost: Floats = alpha / (1 + np.exp(-beta * np.asarray(egises)))
    return accuracy - lost


metric = PAccuracy()
