"""Generative Agents: the memory stream of Park et al. (UIST 2023, section 4.1).

    score(d) = a_1 recency(d) + a_2 importance(d) + a_3 relevance(d)        each in [0, 1] over the pool, a = 1
    recency  = 0.995 ^ hours since the last access

The paper asks a model how poignant a memory is, from 1 to 10; here the caller says it, 1 where he says nothing.

Relations: `memorybank` forgets what is old; here age only lowers a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from idiolect.core.types import Record
from idiolect.retrieval.dense import Dense
from idiolect.retrieval.protocol import Hits, Retriever, best

HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class GenerativeAgents:
    """`importance` by record id, 1 to 10; `accessed`: POSIX seconds of the last access, the record's own time else."""

    now: float
    importance: Mapping[str, float] = field(default_factory=dict)
    accessed: Mapping[str, float] = field(default_factory=dict)
    relevance: Retriever = field(default=Dense())
    decay: float = 0.995
    weights: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        hits = self.relevance.rank(query, pool, len(pool))
        near = dict(zip(hits.ids, hits.scores, strict=True))
        hours = [max(self.now - self.accessed.get(r.id, r.time), 0.0) / HOUR for r in pool]
        parts = {
            "recency": scaled([self.decay**h for h in hours]),
            "importance": scaled([self.importance.get(r.id, 1.0) for r in pool]),
            "relevance": scaled([near.get(r.id, 0.0) for r in pool]),
        }
        columns = zip(*parts.values(), strict=True)
        found = best(pool, [sum(w * s for w, s in zip(self.weights, c, strict=True)) for c in columns], k)
        place = {r.id: i for i, r in enumerate(pool)}
        shown = {name: tuple(scores[place[id]] for id in found.ids) for name, scores in parts.items()}
        return Hits(ids=found.ids, scores=found.scores, parts=shown)


def scaled(scores: Sequence[float]) -> list[float]:
    """From 0 to 1 over the pool; all 0 where they are equal."""
    low, high = min(scores, default=0.0), max(scores, default=0.0)
    return [(score - low) / (high - low) if high > low else 0.0 for score in scores]
