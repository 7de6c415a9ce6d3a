"""BM25 (Robertson and Zaragoza 2009), with the idf that never falls below zero.

    score(q, d) = sum_{t in q} idf(t) * tf(t, d) * (k1 + 1) / (tf(t, d) + k1 * (1 - b + b * |d| / mean |d|))
    idf(t)      = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5))

One user's records are a few hundred lines: they are counted anew for each query, and no index has to be kept, erased or
moved with him.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.types import Record
from idiolect.retrieval.protocol import Hits, best, searched

WORD = re.compile(r"[^\W_]+")


def words(text: str) -> list[str]:
    """Runs of letters and digits, in lower case. A script without spaces gives a run as one word and its pairs of
    characters as more, so that part of a phrase is found."""
    found = WORD.findall(text.lower())
    pairs = [w[i : i + 2] for w in found if ord(max(w)) >= 0x2E80 for i in range(len(w) - 1)]
    return found + pairs


@dataclass(frozen=True, kw_only=True)
class BM25:
    """`k1` bounds what repetition of a term adds, `b` how much long records are held back."""

    k1: float = 1.5
    b: float = 0.75

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        return best(pool, self.scores(query, [searched(r) for r in pool]), k)

    def scores(self, query: str, documents: Sequence[str]) -> list[float]:
        """One score a document, 0 where it has none of the query's words."""
        bags = [Counter(words(d)) for d in documents]
        lengths = [sum(bag.values()) for bag in bags]
        mean = sum(lengths) / max(len(lengths), 1) or 1.0
        terms = words(query)
        df = {t: sum(t in bag for bag in bags) for t in terms}
        idf = {t: math.log(1 + (len(bags) - n + 0.5) / (n + 0.5)) for t, n in df.items()}
        return [
            sum(idf[t] * bag[t] * (self.k1 + 1) / (bag[t] + self.k1 * (1 - self.b + self.b * n / mean)) for t in terms)
            for bag, n in zip(bags, lengths, strict=True)
        ]
