"""BM25 (Robertson and Zaragoza 2009), with the idf that never falls below zero.

    score(q, d) = sum_{t in q} idf(t) * tf(t, d) * (k1 + 1) / (tf(t, d) + k1 * (1 - b + b * |d| / mean |d|))
    idf(t)      = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5))

One user's records are a few hundred lines: no index has to be kept, erased or moved with him. The words of a text are
counted once, and remembered as numbers that mean something in this process alone.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from idiolect.core.types import Record
from idiolect.retrieval.protocol import Hits, best, searched

WORD = re.compile(r"[^\W_]+")
MOST = 100_000


class Bag(NamedTuple):
    """A text as its words' hashes with their counts, and how many words it has."""

    counts: dict[int, int]
    length: int


REMEMBERED: dict[int, Bag] = {}  # by hash: no words are kept


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
        bags = [bag(d) for d in documents]
        mean = sum(b.length for b in bags) / max(len(bags), 1) or 1.0
        terms = Counter(map(hash, words(query)))
        shared = [terms.keys() & b.counts.keys() for b in bags]
        df = Counter(t for there in shared for t in there)
        idf = {t: math.log(1 + (len(bags) - n + 0.5) / (n + 0.5)) for t, n in df.items()}
        found = []
        for (counts, length), there in zip(bags, shared, strict=True):
            damp = self.k1 * (1 - self.b + self.b * length / mean)
            parts = (terms[t] * idf[t] * counts[t] * (self.k1 + 1) / (counts[t] + damp) for t in there)
            found.append(math.fsum(parts))  # exact, so in any order
        return found


def bag(text: str) -> Bag:
    """A text's words, counted once."""
    key = hash(text)
    if key not in REMEMBERED:
        if len(REMEMBERED) >= MOST:
            REMEMBERED.clear()
        counts = Counter(map(hash, words(text)))
        REMEMBERED[key] = Bag(dict(counts), counts.total())
    return REMEMBERED[key]
