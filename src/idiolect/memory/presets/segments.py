"""Segments: runs of memories about one thing, found without a model, as MemoryOS and O-Mem hold what was said.

    F(segment, page) = cos(mean vector of the segment, vector of the page) + overlap(words of both)
    overlap(A, B)    = (|A & B| / |A| + |A & B| / |B|) / 2                 LD-Agent uses the same

A page joins the segment with the highest F, if that is 0.6 at least; else it begins one.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from idiolect.core.types import Record
from idiolect.memory.consolidate import telling
from idiolect.retrieval.protocol import Encoder, searched

if TYPE_CHECKING:
    from numpy.typing import NDArray

JOINS = 0.6


@dataclass(slots=True)
class Segment:
    """`places` in the pool, `words` of all its pages, `total`: (d,) the sum of their vectors."""

    places: list[int]
    words: set[str]
    total: NDArray[np.float32]

    def fit(self, vector: NDArray[np.float32], words: AbstractSet[str]) -> float:
        """F of a page or a question."""
        near = float(self.total @ vector) / (float(self.total @ self.total) ** 0.5 or 1.0)
        return near + overlap(self.words, words)


def overlap(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """In [0, 1]: the mean share of words in common."""
    common = len(one & other)
    return (common / len(one) + common / len(other)) / 2 if common else 0.0


def bag(text: str) -> frozenset[str]:
    """The words that tell something, each once."""
    return frozenset(telling(text))


def vectors(encoder: Encoder, question: str, pool: Sequence[Record]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(d,) of the question and (n, d) of the pool."""
    rows = encoder.encode([question, *(searched(record) for record in pool)])
    return rows[0], rows[1:]


def segments(pool: Sequence[Record], rows: NDArray[np.float32], joins: float = JOINS) -> list[Segment]:
    """The pool in segments, as its records came; every record is in one.

    Args:
        rows: (n, d) unit vectors of the pool.
        joins: the F from which on a page joins.
    """
    found: list[Segment] = []
    having: dict[str, set[int]] = {}  # word -> numbers of the segments with it
    means = np.zeros_like(rows)  # of the segments so far, to unit length
    for place, (record, row) in enumerate(zip(pool, rows, strict=True)):
        words = bag(searched(record))
        fits = means[: len(found)] @ row
        for number in set[int]().union(*(having.get(word, ()) for word in words)):
            fits[number] += overlap(found[number].words, words)
        best = int(fits.argmax()) if found else 0
        if found and fits[best] >= joins:
            found[best].places.append(place)
            found[best].words |= words
            found[best].total = found[best].total + row
        else:
            best = len(found)
            found.append(Segment([place], set(words), row))
        total = found[best].total
        means[best] = total / (float(total @ total) ** 0.5 or 1.0)
        for word in words:
            having.setdefault(word, set()).add(best)
    return found
