"""O-Mem: three look-ups side by side - topics, the rarest word, what is stated of the user (arXiv 2511.13593, 2025).

    R_w = records of the n topics nearest to the question             working memory
    R_e = records with the question's rarest word, argmax 1 / df      episodic memory
    R_p = the stated facts nearest to the question                    persona memory

The paper puts the three together into one prompt; here they are fused by rank. A model names topics and traits there;
here a topic is one of `segments`, and a trait what is stated (`memory.facts`).

Relations: BM25 weighs all words of a question; here the one that tells most decides alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from idiolect.core.types import Record
from idiolect.memory.presets.segments import bag, segments, vectors
from idiolect.memory.results import kind
from idiolect.retrieval.dense import DIGITS, Dense, MiniLM
from idiolect.retrieval.fuse import Fuse
from idiolect.retrieval.protocol import Encoder, Hits, best, searched


@dataclass(frozen=True, kw_only=True)
class OMem:
    """`topics`: n, `traits`: how many of them are read."""

    encoder: Encoder = field(default=MiniLM())
    topics: int = 3
    traits: int = 10

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        working = Working(encoder=self.encoder, topics=self.topics)
        persona = Persona(encoder=self.encoder, most=self.traits)
        return Fuse(retrievers=(("topics", working), ("word", Episodic()), ("persona", persona))).rank(query, pool, k)


@dataclass(frozen=True, kw_only=True)
class Working:
    """Records under the topics nearest to the question, the nearest record first."""

    encoder: Encoder
    topics: int

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        if not pool:
            return Hits()
        question, rows = vectors(self.encoder, query, pool)
        nothing = frozenset[str]()
        found = sorted(segments(pool, rows), key=lambda s: -s.fit(question, nothing))[: self.topics]
        places = sorted(i for segment in found for i in segment.places)
        return best([pool[i] for i in places], (rows[places] @ question).round(DIGITS).tolist(), k)


@dataclass(frozen=True, kw_only=True)
class Episodic:
    """Records with the word of the question that fewest have, the newest first."""

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        words = [bag(searched(record)) for record in pool]
        df = {word: n for word in bag(query) if (n := sum(word in bag for bag in words))}
        clue = min(df, key=lambda word: (df[word], word), default=None)
        having = [record for record, bag in zip(pool, words, strict=True) if clue in bag]
        return best(having, np.zeros(len(having)).tolist(), k)


@dataclass(frozen=True, kw_only=True)
class Persona:
    """What is stated of the user, the nearest first."""

    encoder: Encoder
    most: int

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        stated = [record for record in pool if kind(record) == "fact"]
        return Dense(encoder=self.encoder).rank(query, stated, min(k, self.most))
