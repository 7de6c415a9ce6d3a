"""Mean absolute error of a rating read from text.

A text without a number counts as the farther end of the scale, as LaMP's rating task does it: an answer that cannot
be read must not be better than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import Floats, Mean

NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class MAE(Mean):
    """Ratings between `low` and `high`; the first number of a text is its rating."""

    low: float = 1.0
    high: float = 5.0
    higher_is_better: ClassVar[bool] = False

    @property
    def signature(self) -> str:
        return f"mae@1 scale={self.low:g}-{self.high:g}"

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): the distance of each rating from its reference."""
        pairs = zip(predictions, references, strict=True)
        return np.array([[self._error(p, r)] for p, r in pairs], dtype=np.float64).reshape(-1, 1)

    def _error(self, prediction: str, reference: str) -> float:
        gold = number(reference)
        if gold is None:
            raise BadInput("mae", f"the reference {reference!r} holds no number", "Use mae on ratings only")
        said = number(prediction)
        return abs(said - gold) if said is not None else max(gold - self.low, self.high - gold)


def number(text: str) -> float | None:
    """The first number of a text."""
    found = NUMBER.search(text)
    return float(found.group()) if found else None


metric = MAE()
