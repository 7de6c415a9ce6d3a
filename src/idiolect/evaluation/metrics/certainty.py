"""Answers with a certainty: is it right, and how sure was it?"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Floats, Named
from idiolect.evaluation.metrics.labels import coded


@dataclass(frozen=True)
class Certain(Named):
    """Predictions: (answer, certainty in [0, 1]); references: the right answers."""

    def statistics(self, predictions: Sequence[tuple[Hashable, float]], references: Sequence[Hashable]) -> Floats:
        """(n, 2): certainty, and whether the answer is right.

        Raises:
            BadInput: a certainty is outside [0, 1].
        """
        sure = np.array([c for _, c in predictions], dtype=np.float64)
        odd = np.flatnonzero(~((sure >= 0) & (sure <= 1)))
        if len(odd):
            what = f"example {odd[0]} has a certainty of {sure[odd[0]]:g}"
            raise BadInput(self.name, what, "Give it between 0 and 1: divide what was said of 100 by 100")
        return np.column_stack([sure, coded([a for a, _ in predictions]) == coded(references)])
