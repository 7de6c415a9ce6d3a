"""Ranked lists as tables of gains, from which every ranking metric is one line.

A prediction is a list of ids, best first; a reference is the ids that are relevant, or their gains by id.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Floats, Mean, Named


@dataclass(frozen=True)
class Ranked(Mean, Named):
    """Only the first `k` places count."""

    k: int = 10

    def gains(
        self, predictions: Sequence[Sequence[Hashable]], references: Sequence[Collection[Hashable]]
    ) -> tuple[Floats, Floats]:
        """(n, k) what stands at each place, and (n, k) the best that could.

        Raises:
            BadInput: an id stands twice in a list, nothing is relevant, a gain is below 0, or k is.
        """
        if self.k < 1:
            raise BadInput(self.name, f"k is {self.k}", "Set it to 1 or more")
        found, ideal, empty = [], [], [0.0] * self.k
        for row, (ranking, wanted) in enumerate(zip(predictions, references, strict=True)):
            if len(set(ranking)) < len(ranking):
                raise BadInput(self.name, f"ranking {row} holds an id twice", "Keep the first of each")
            gain = wanted if isinstance(wanted, Mapping) else dict.fromkeys(wanted, 1.0)
            best = sorted(gain.values(), reverse=True)
            if not best or best[0] <= 0 or best[-1] < 0:
                what = f"reference {row} names nothing relevant, or a gain below 0"
                raise BadInput(self.name, what, "Leave such queries out")
            top = [gain.get(name, 0.0) for name in ranking[: self.k]]
            found.append(top + empty[len(top) :])
            ideal.append(best[: self.k] + empty[len(best) :])
        return np.array(found, dtype=np.float64), np.array(ideal, dtype=np.float64)


def relevant(references: Sequence[Collection[Hashable]]) -> Floats:
    """(n,) how many are relevant in each, wherever they stand."""
    sizes = [sum(g > 0 for g in r.values()) if isinstance(r, Mapping) else len(set(r)) for r in references]
    return np.array(sizes, dtype=np.float64)


def discounted(gains: Floats) -> Floats:
    """(n,) Σ_i gain_i / log2(i + 1) of (n, k) gains (Järvelin and Kekäläinen 2002)."""
    places = np.arange(1, gains.shape[1] + 1)
    summed: Floats = gains @ (1 / np.log2(places + 1))
    return summed
