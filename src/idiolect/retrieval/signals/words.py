"""Words: BM25 (Robertson and Zaragoza 2009) over stems, counted once and asked often.

score(q, d) = sum_{t in q} weight(t) * idf(t) * tf(t, d) * (k1 + 1) / (tf(t, d) + k1 * (1 - b + b * |d| / mean |d|))
idf(t)      = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5))
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1, B = 1.2, 0.75


class Words:
    """An index of n documents, each given as its stems."""

    def __init__(self, documents: Iterable[Sequence[str]]) -> None:
        bags = [Counter(stems) for stems in documents]
        self.bags, self.count = bags, len(bags)
        lengths = [sum(bag.values()) for bag in bags]
        mean = sum(lengths) / max(self.count, 1) or 1.0
        self._held = [K1 * (1 - B + B * length / mean) for length in lengths]
        self._where: dict[str, list[int]] = {}
        for place, bag in enumerate(bags):
            for term in bag:
                self._where.setdefault(term, []).append(place)

    def idf(self, term: str) -> float:
        """How much a term tells; the most for one that no document has."""
        df = len(self._where.get(term, ()))
        return math.log(1 + (self.count - df + 0.5) / (df + 0.5))

    def having(self, term: str) -> Sequence[int]:
        """The documents that have a term, by place."""
        return self._where.get(term, ())

    def scores(self, weights: Mapping[str, float]) -> NDArray[np.float64]:
        """(n,), 0 where a document has none of the terms."""
        import numpy as np

        found = np.zeros(self.count)
        for term, weight in weights.items():
            idf = weight * self.idf(term)
            for place in self.having(term):
                tf = self.bags[place][term]
                found[place] += idf * tf * (K1 + 1) / (tf + self._held[place])
        return found
