"""MemoryBank: the forgetting curve of Zhong et al. (AAAI 2024, section 3.3).

    R = exp(-t / S)        t: days since the last recall; S: strength, 1 at first, one more with each recall

The paper forgets at random with probability 1 - R; here what is retained less than `floor` is forgotten, so that
the same questions give the same answers. `recalled` gives the traces after an answer: what was found is stronger,
and its days begin anew.

Relations: `generative_agents` never forgets; `memory.forget` is the curve itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from idiolect.core.types import Record
from idiolect.memory.forget import Trace, recall, retention
from idiolect.retrieval.dense import Dense
from idiolect.retrieval.protocol import Hits, Retriever


@dataclass(frozen=True, kw_only=True)
class MemoryBank:
    """`traces` by record id; a record without one was never recalled."""

    now: float
    traces: Mapping[str, Trace] = field(default_factory=dict)
    relevance: Retriever = field(default=Dense())
    floor: float = 0.05

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        left = [r for r in pool if retention(self.trace(r), self.now) >= self.floor]
        return self.relevance.rank(query, left, k)

    def trace(self, record: Record) -> Trace:
        """What is known of a record's recalls."""
        return self.traces.get(record.id) or Trace(id=record.id, time=record.time)

    def recalled(self, hits: Hits, pool: Sequence[Record]) -> dict[str, Trace]:
        """The traces after these hits were shown."""
        return {**self.traces, **{r.id: recall(self.trace(r), self.now) for r in pool if r.id in set(hits.ids)}}
