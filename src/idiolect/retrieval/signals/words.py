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
        import numpy as np

        lengths = []
        where: dict[str, tuple[list[int], list[int]]] = {}
        for place, stems in enumerate(documents):
            lengths.append(len(stems))
            for term, count in Counter(stems).items():
                places, counts = where.setdefault(term, ([], []))
                places.append(place)
                counts.append(count)
        self.count = len(lengths)
        mean = sum(lengths) / max(self.count, 1) or 1.0
        self._held = np.array([K1 * (1 - B + B * length / mean) for length in lengths])  # (n,)
        self._where = {term: (np.array(places), np.array(counts)) for term, (places, counts) in where.items()}

    def idf(self, term: str) -> float:
        """How much a term tells; the most for one that no document has."""
        df = len(self._where[term][0]) if term in self._where else 0
        return math.log(1 + (self.count - df + 0.5) / (df + 0.5))

    def scores(self, weights: Mapping[str, float]) -> NDArray[np.float64]:
        """(n,), 0 where a document has none of the terms."""
        import numpy as np

        found = np.zeros(self.count)
        for term, weight in weights.items():
            if term in self._where:
                places, tf = self._where[term]
                found[places] += weight * self.idf(term) * tf * (K1 + 1) / (tf + self._held[places])
        return found
