"""How alike two texts are, from 0 to 1: by the words that they share, and by meaning where an encoder is there.

    k(a, b) = w(a) . w(b)                                                words alone
    k(a, b) = 1/2 w(a) . w(b) + 1/2 exp((e(a) . e(b) - 1) / s^2)         with sentence vectors e

w are stems weighed by idf over all the texts at hand, unit length. Both halves are positive definite, as is their sum.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from idiolect.retrieval.split import LENGTH
from idiolect.retrieval.stems import telling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

    Array = NDArray[np.float64]

DIGITS = 5  # a vector depends on the batch it was computed in by about 1e-7
WIDTH = 0.25  # s^2: texts whose vectors have a cosine of 0.75 are alike to exp(-1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Points:
    """n texts. words: (n, V), the part of unit rows that lies in terms which several texts have. vectors: (n, d) unit
    rows, or None. own: (n,) of each text to itself, 0 for one that says nothing."""

    words: NDArray[np.float32]
    vectors: NDArray[np.float32] | None
    own: Array

    def __len__(self) -> int:
        return len(self.own)

    def __getitem__(self, which: slice | Sequence[int]) -> Points:
        vectors = None if self.vectors is None else self.vectors[which]
        return Points(words=self.words[which], vectors=vectors, own=self.own[which])

    def likeness(self, other: Points) -> Array:
        """(n, m) of these to those."""
        shared = (self.words @ other.words.T).astype(np.float64)
        if self.vectors is None or other.vectors is None:
            return shared
        cosines = (self.vectors @ other.vectors.T).astype(np.float64).round(DIGITS)
        return (shared + np.exp((cosines - 1) / WIDTH)) / 2

    def among(self) -> Array:
        """(n, n) of each to each."""
        found = self.likeness(self)
        np.fill_diagonal(found, self.own)
        return found


def points(texts: Sequence[str], encoder: Encoder | None) -> Points:
    """Texts where they lie; of a long one the beginning is what has a vector."""
    bags = [Counter(telling(text)) for text in texts]
    held = Counter(term for bag in bags for term in bag)
    place = {term: i for i, term in enumerate(t for t, count in held.items() if count > 1)}
    words = np.zeros((len(texts), len(place)), np.float32)
    for row, bag in zip(words, bags, strict=True):
        weights = {t: (1 + math.log(n)) * math.log((1 + len(texts)) / (0.5 + held[t])) for t, n in bag.items()}
        norm = math.hypot(*weights.values())
        for term in weights.keys() & place.keys():
            row[place[term]] = weights[term] / norm
    own = np.array([float(bool(bag)) for bag in bags])
    if encoder is None:
        return Points(words=words, vectors=None, own=own)
    return Points(words=words, vectors=encoder.encode([t[:LENGTH] for t in texts]), own=(own + 1) / 2)
