"""Exact match: the share of texts that are equal character for character, white space at the ends apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from idiolect.evaluation.metrics import Floats, Mean


class Exact(Mean):
    """For texts in which casing and punctuation are the point, as in a user's style."""

    signature = "exact@1"
    higher_is_better = True

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): 1 where the texts agree."""
        pairs = zip(predictions, references, strict=True)
        return np.array([[float(p.strip() == r.strip())] for p, r in pairs], dtype=np.float64).reshape(-1, 1)


metric = Exact()
