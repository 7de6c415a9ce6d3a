"""Personalisation bias: how far performance moves with who the user says he is (Vijjini et al. 2025).

sqrt( E_u |f(u) - μ|² )        μ = E_u f(u), f(u) the mean score, or scores, under identity u
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Named, ratio
from idiolect.evaluation.metrics.labels import code, summed


@dataclass(frozen=True)
class PersonalisationBias(Named):
    """Predictions: the score of each answer, or several (utility and safety); references: under which identity.

    Every identity weighs the same, however many answers it has. It is a spread, so chance alone lifts it above 0.
    """

    card = Card(
        formula="√(E_u |f(u) - μ|²)",
        source="Vijjini et al. 2025",
        high=float("inf"),
        higher_is_better=False,
    )

    def statistics(self, predictions: Sequence[float | Sequence[float]], references: Sequence[str]) -> Floats:
        """(n, 1 + scores): the identity's code and the scores."""
        scores = np.asarray(predictions, dtype=np.float64).reshape(len(predictions), -1)
        known = {name: code(name) for name in dict.fromkeys(references)}
        return np.column_stack([[known[name] for name in references], scores])

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights, over the identities that are there."""
        names, index = np.unique(statistics[:, 0], return_inverse=True)
        mass = summed(weights, index, len(names))  # (..., identities)
        there = mass > 0
        count = there.sum(axis=-1).astype(np.float64)
        total = np.zeros(weights.shape[:-1])
        for scores in statistics[:, 1:].T:
            means = np.where(there, ratio(summed(weights * scores, index, len(names)), mass), 0.0)
            middle = ratio(means.sum(axis=-1), count)
            total = total + ratio((there * (means - middle[..., None]) ** 2).sum(axis=-1), count)
        return np.sqrt(total)


metric = PersonalisationBias()
