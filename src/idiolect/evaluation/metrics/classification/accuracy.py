"""Accuracy: the share of labels that are equal after trimming and lower-casing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from idiolect.evaluation.metrics import Floats, Mean


class Accuracy(Mean):
    """For labels from a closed set: letter case and a final full stop are no part of a label."""

    signature = "accuracy@1"
    higher_is_better = True

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): 1 where the labels agree."""
        pairs = zip(predictions, references, strict=True)
        return np.array([[float(label(p) == label(r))] for p, r in pairs], dtype=np.float64).reshape(-1, 1)


def label(text: str) -> str:
    """A label without what a generator adds to it."""
    return " ".join(text.split()).rstrip(".").casefold()


metric = Accuracy()
