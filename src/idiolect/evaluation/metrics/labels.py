"""Labels as numbers, and how often each was said, was right, and was both.

A label's number is the same in every call, so that statistics of several calls can be stacked and resampled; the counts
are weighed, so that what is made of them (F1, MCC) is right under a bootstrap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Floats


def label(text: str) -> str:
    """A label without what a generator adds to it: letter case, a final full stop, white space."""
    return " ".join(text.split()).rstrip(".").casefold()


def code(name: Hashable) -> float:
    """48 bits of its digest, which a float holds exactly."""
    digest = hashlib.blake2b(str(name).encode(), digest_size=6).digest()
    return float(int.from_bytes(digest, "big"))


def coded(labels: Sequence[Hashable]) -> Floats:
    """(n,) codes of the cleaned labels.

    Raises:
        BadInput: a label is missing (None or NaN).
    """
    known = {name: code(label(_text(name))) for name in dict.fromkeys(labels)}
    if None in known or any(name != name for name in known):
        place = next(i for i, name in enumerate(labels) if name is None or name != name)
        raise BadInput("labels", f"example {place} has none", "Give every example a label, also where it was not read")
    return np.array([known[name] for name in labels], dtype=np.float64)


def _text(name: Hashable) -> str:
    """A label as text: numbers that are equal are one label, whatever their types."""
    whole = isinstance(name, (bool, np.bool_)) or (isinstance(name, (float, np.floating)) and float(name).is_integer())
    return str(int(name) if whole else name)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class Tally:
    """Weighed counts by class, each (..., C)."""

    hits: Floats
    said: Floats
    gold: Floats


def tally(statistics: Floats, weights: Floats) -> Tally:
    """From (n, 2) codes, said and gold, under (..., n) weights."""
    classes, index = np.unique(statistics, return_inverse=True)
    size, index = len(classes), index.reshape(statistics.shape)
    cells, place = np.unique(index[:, 0] * size + index[:, 1], return_inverse=True)
    mass = summed(weights, place, len(cells))  # each pair (said, gold) once: few, however many examples
    said, gold = np.divmod(cells, size)
    return Tally(summed(mass * (said == gold), said, size), summed(mass, said, size), summed(mass, gold, size))


def summed(values: Floats, groups: npt.NDArray[np.int64], size: int) -> Floats:
    """(..., size) sums over the groups of (..., n) values."""
    order = np.argsort(groups, kind="stable")
    present, starts = np.unique(groups[order], return_index=True)
    found = np.zeros((*values.shape[:-1], size))
    found[..., present] = np.add.reduceat(values[..., order], starts, axis=-1)
    return found


def f1(hits: Floats, said: Floats, gold: Floats) -> Floats:
    """2 P R / (P + R), written as 2 hits / (said + gold); 0 where nothing was said or right."""
    whole = said + gold
    found: Floats = np.divide(2 * hits, whole, out=np.zeros_like(whole), where=whole > 0)
    return found
