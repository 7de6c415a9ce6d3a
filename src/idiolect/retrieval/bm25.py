"""BM25 (Robertson and Zaragoza 2009), with the idf that never falls below zero.

    score(q, d) = sum_{t in q} idf(t) * tf(t, d) * (k1 + 1) / (tf(t, d) + k1 * (1 - b + b * |d| / mean |d|))
    idf(t)      = ln(1 + (N - df(t) + 0.5) / (df(t) + 0.5))

One user's records are a few hundred lines: no index has to be stored, erased or moved with him. What was counted is
remembered as numbers that mean something in this process alone: the words of a text, and where in a pool they stand;
a pool that only grew is gone on with.
"""

from __future__ import annotations

import math
import re
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import NamedTuple

from idiolect.core.types import Record
from idiolect.retrieval.protocol import Hits, best, searched

WORD = re.compile(r"[^\W_]+")
MOST = 100_000
POOLS, LEAST = 256, 16  # pools that are remembered; documents of one that is worth it


class Bag(NamedTuple):
    """A text as its words' hashes with their counts, and how many words it has."""

    counts: dict[int, int]
    length: int


@dataclass(frozen=True, kw_only=True)
class Pool:
    """Documents as their hashes and lengths, and for each word's hash (place of a document, count) where it stands."""

    documents: tuple[int, ...] = ()
    lengths: tuple[int, ...] = ()
    places: Mapping[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    def begins(self, documents: tuple[int, ...]) -> bool:
        """Whether these documents are its own, with others behind them or none."""
        return documents[: len(self.documents)] == self.documents

    def grown(self, texts: Sequence[str]) -> Pool:
        """The same with more documents at the end."""
        bags = [bag(text) for text in texts]
        fresh: dict[int, list[tuple[int, int]]] = {}
        for place, (counts, _) in enumerate(bags, len(self.documents)):
            for term, count in counts.items():
                fresh.setdefault(term, []).append((place, count))
        places = {**self.places, **{term: (*self.places.get(term, ()), *new) for term, new in fresh.items()}}
        lengths = (*self.lengths, *(b.length for b in bags))
        return Pool(documents=(*self.documents, *map(hash, texts)), lengths=lengths, places=places)


REMEMBERED: dict[int, Bag] = {}  # by hash: no words are kept
COUNTED: OrderedDict[int, Pool] = OrderedDict()  # by the hash of the first document, which is a user's oldest
ALONE = Lock()  # who changes COUNTED


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
        held = pool(documents)
        mean = sum(held.lengths) / max(len(documents), 1) or 1.0
        damps = [self.k1 * (1 - self.b + self.b * length / mean) for length in held.lengths]
        shares: list[list[float]] = [[] for _ in documents]
        for term, times in Counter(map(hash, words(query))).items():
            there = held.places.get(term, ())
            weight = times * math.log(1 + (len(documents) - len(there) + 0.5) / (len(there) + 0.5))
            for place, count in there:
                shares[place].append(weight * count * (self.k1 + 1) / (count + damps[place]))
        return [math.fsum(parts) if parts else 0.0 for parts in shares]  # exact, so in any order


def pool(texts: Sequence[str]) -> Pool:
    """Texts, counted: those that were counted before are not counted again."""
    if len(texts) < LEAST:
        return Pool().grown(texts)
    documents = tuple(map(hash, texts))
    with ALONE:
        known = COUNTED.pop(documents[0], None)
    if known is None or not known.begins(documents):
        known = Pool()
    made = known.grown(texts[len(known.documents) :]) if len(known.documents) < len(documents) else known
    with ALONE:
        COUNTED[documents[0]] = made
        while len(COUNTED) > POOLS:
            COUNTED.popitem(last=False)
    return made


def bag(text: str) -> Bag:
    """A text's words, counted once."""
    key = hash(text)
    found = REMEMBERED.get(key)  # once: another thread may clear what is remembered meanwhile
    if found is None:
        if len(REMEMBERED) >= MOST:
            REMEMBERED.clear()
        counts = Counter(map(hash, words(text)))
        found = REMEMBERED[key] = Bag(dict(counts), counts.total())
    return found
