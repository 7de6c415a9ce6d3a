"""Perplexity of the text that the user wrote: how much it surprises the model.

    exp(-1/n Σ_i log p(w_i | w_<i))       over the n tokens of all references, prompt tokens left out

It depends on the tokenizer: only models that share one can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Card, Floats, Named, ratio


@dataclass(frozen=True)
class Perplexity(Named):
    """Predictions: for each reference, the natural log-probability of each of its tokens."""

    card = Card(
        formula="exp(-1/n Σ log p(w_i | w_<i))",
        source="Jelinek et al. 1977",
        low=1.0,
        high=float("inf"),
        higher_is_better=False,
        alone=True,
    )

    def statistics(self, predictions: Sequence[Sequence[float]], references: Sequence[object]) -> Floats:
        """(n, 2): sum of the log-probabilities, and how many tokens.

        Raises:
            BadInput: an example has no token, or a probability above 1.
        """
        rows = [np.asarray(p, dtype=np.float64) for p in predictions]
        for place, row in enumerate(rows):
            if not len(row) or (row > 0).any():
                what = "has no token" if not len(row) else f"has a log-probability of {row.max():g}, above 0"
                raise BadInput(self.name, f"example {place} {what}", "Give natural logarithms, one a reference token")
        return np.array([[row.sum(), len(row)] for row in rows], dtype=np.float64).reshape(-1, 2)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        sums = weights @ statistics
        return np.exp(-ratio(sums[..., 0], sums[..., 1]))


metric = Perplexity()
