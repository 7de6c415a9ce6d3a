"""Ranking a few documents for a query, by words, by vectors, or both: the protocol of the retrieval baselines.

BM25 with k1 1.5, b 0.75, over lower-case letters and digits, unstemmed; the fusion is w times BM25 plus 1 - w times the
cosine, each scaled to 0-1 over the documents of a query. Equal scores keep the order of the documents.

What is right stands in the asked person's documents alone: under another's, recall is 0 whatever the method does. The
control of another's data is therefore read from `told`, which another's documents may well say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder
from idiolect.retrieval.stems import stems, telling

WORD = re.compile("[a-z0-9]+")
# log(1 + (n - d + .5) / (d + .5)) for a word in d of n documents. Of bm25s's forms it is the nearest to what was
# published of LoCoMo: 18 of 25 figures agree (atire and bm25l 12, bm25+ 10, robertson 5).
IDF = "lucene"


def tokens(text: str) -> list[str]:
    """Runs of lower-case letters and digits."""
    return WORD.findall(text.lower())


class Lexical:
    """BM25 over documents that are counted once."""

    def __init__(self, documents: Sequence[str]) -> None:
        import bm25s

        self._size, bags = len(documents), [tokens(d) for d in documents]
        self._index = None
        if any(bags):
            self._index = bm25s.BM25(k1=1.5, b=0.75, method=IDF)
            self._index.index([b or ["\0"] for b in bags], show_progress=False)

    def scores(self, query: str) -> Floats:
        """(n,) one a document; 0 where it has none of the words."""
        asked = [t for t in tokens(query) if self._index is not None and t in self._index.vocab_dict]
        if self._index is None or not asked:
            return np.zeros(self._size)
        return np.asarray(self._index.get_scores(asked), dtype=np.float64)


def cosines(encoder: Encoder, queries: Sequence[str], documents: Sequence[str]) -> Floats:
    """(q, n) cosines."""
    if not queries or not documents:
        return np.zeros((len(queries), len(documents)))
    found: Floats = np.asarray(encoder.encode(queries) @ encoder.encode(documents).T, dtype=np.float64).round(6)
    return found


def scaled(scores: Floats) -> Floats:
    """(..., n) stretched to 0-1 over the last axis; 0 where all are equal."""
    low, high = scores.min(axis=-1, keepdims=True), scores.max(axis=-1, keepdims=True)
    span = high - low
    found: Floats = np.divide(scores - low, span, out=np.zeros_like(scores), where=span > 0)
    return found


def fused(lexical: Floats, dense: Floats, weight: float) -> Floats:
    """`weight` times the one plus the rest times the other, both scaled."""
    return weight * scaled(lexical) + (1 - weight) * scaled(dense)


def order(scores: Floats) -> list[int]:
    """Places of the documents, best first; equal ones as they came."""
    found: list[int] = np.argsort(-scores, kind="stable").tolist()
    return found


def recall(ranked: Sequence[int], wanted: set[int], k: int) -> float:
    """Share of what is wanted among the first k."""
    return len(wanted.intersection(ranked[:k])) / len(wanted)


def reciprocal(ranked: Sequence[int], wanted: set[int]) -> float:
    """1 / the place of the first that is wanted."""
    return next((1 / place for place, i in enumerate(ranked, 1) if i in wanted), 0.0)


def ndcg(ranked: Sequence[int], wanted: set[int], k: int) -> float:
    """Binary gains, discounted by log2 of the place + 1, over those of the best order."""
    gain = sum(1 / np.log2(place + 1) for place, i in enumerate(ranked[:k], 1) if i in wanted)
    return float(gain / sum(1 / np.log2(place + 1) for place in range(1, min(k, len(wanted)) + 1)))


def told(answer: str, question: str, documents: Iterable[str]) -> float:
    """Share of the answer's telling words that documents say, without those of the question; NaN where none is left."""
    wanted = set(telling(answer)).difference(telling(question))
    said = frozenset[str]().union(*map(_stems, documents))
    return len(wanted & said) / len(wanted) if wanted else float("nan")


@lru_cache(maxsize=20_000)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stems(text))
