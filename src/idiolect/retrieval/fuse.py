"""Reciprocal rank fusion (Cormack, Clarke and Buettcher 2009).

    score(d) = sum_r weight_r / (60 + rank_r(d))

Ranks, not scores, are added: a BM25 sum and a cosine have no common scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.types import Record
from idiolect.retrieval.protocol import Hits, Retriever, best


@dataclass(frozen=True, kw_only=True)
class Fuse:
    """`retrievers` by name, `weights` in their order (all 1 where empty), `depth` records read from each."""

    retrievers: tuple[tuple[str, Retriever], ...]
    weights: tuple[float, ...] = ()
    constant: float = 60.0
    depth: int = 100

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        weights = self.weights or (1.0,) * len(self.retrievers)
        given: dict[str, dict[str, float]] = {}
        for (name, retriever), weight in zip(self.retrievers, weights, strict=True):
            ids = retriever.rank(query, pool, self.depth).ids
            given[name] = {id: weight / (self.constant + place) for place, id in enumerate(ids, 1)}
        hits = best(pool, [sum(g.get(r.id, 0.0) for g in given.values()) for r in pool], k)
        parts = {name: tuple(g.get(id, 0.0) for id in hits.ids) for name, g in given.items()}
        return Hits(ids=hits.ids, scores=hits.scores, parts=parts)
