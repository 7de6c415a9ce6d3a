"""Ratings read from what a model wrote.

A text without a number counts as the farther end of the scale, as LaMP's rating task does it: an answer that cannot
be read must not be better than a wrong one. Nor is a number that no rating can be ("202 people liked it") a rating:
LaMP's own code would count 202 - 5, and one such text would outweigh a hundred others.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Floats, Named

_NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def number(text: object) -> float | None:
    """A number as it is, or the first number of a text."""
    if isinstance(text, (int, float)):
        return float(text)
    found = _NUMBER.search(str(text))
    return float(found.group()) if found else None


def numbers(texts: Sequence[Hashable]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """(n,) numbers of many, 0 where there is none, and (n,) whether there is one; each different text is read once."""
    table = np.asarray(texts)
    if table.dtype.kind in "biuf":
        return table.astype(np.float64), np.ones(len(table), dtype=bool)
    known = {t: number(t) for t in dict.fromkeys(texts)}
    found = [known[t] for t in texts]
    return np.array([n or 0.0 for n in found]), np.array([n is not None for n in found])


@dataclass(frozen=True)
class Rated(Named):
    """Ratings between `low` and `high`; the first number of a text is its rating."""

    low: float = 1.0
    high: float = 5.0

    def errors(self, predictions: Sequence[Hashable], references: Sequence[Hashable]) -> Floats:
        """(n,): the distance of each rating from its reference.

        Raises:
            BadInput: a reference holds no number.
        """
        (gold, there), (said, known) = numbers(references), numbers(predictions)
        if not there.all():
            wrong = references[int(np.argmin(there))]
            raise BadInput(self.name, f"the reference {wrong!r} holds no number", f"Use {self.name} on ratings only")
        low, high = min(self.low, gold.min(initial=self.low)), max(self.high, gold.max(initial=self.high))
        if np.asarray(predictions).dtype.kind not in "biuf":  # read from texts
            known = known & ~((said < low) | (said > high))
        farther = np.where(gold - self.low > self.high - gold, self.low, self.high)
        return np.abs(np.where(known, said, farther) - gold)
