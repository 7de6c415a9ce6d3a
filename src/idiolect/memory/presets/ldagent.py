"""LD-Agent: sessions are remembered whole, by what they were about, and fade (Li et al., NAACL 2025).

    score(session) = exp(-1e-7 * seconds since it ended) * (cos(question, its mean vector) + overlap(their nouns))

A pause of more than an hour ends a session. The paper has a model sum a session up in twenty words and takes nouns from
a parser; here a session is its lines, and every telling word counts as one of its topics. Traits of the user are what
`memory.facts` finds.

Relations: `memoryos` cuts by topic instead of by pause; `retrieval.blend` adds to each line what its session
says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from idiolect.core.types import Record
from idiolect.memory.presets.segments import bag, overlap, vectors
from idiolect.retrieval.dense import MiniLM
from idiolect.retrieval.protocol import Encoder, Hits, best, searched

PAUSE = 3600.0  # seconds


@dataclass(frozen=True, kw_only=True)
class LDAgent:
    """`now`: POSIX seconds; `decay`: a second."""

    now: float
    encoder: Encoder = field(default=MiniLM())
    decay: float = 1e-7

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        """All lines of the best session, the nearest first, then those of the next."""
        if not pool:
            return Hits()
        question, rows = vectors(self.encoder, query, pool)
        words, order = bag(query), list[tuple[float, list[int]]]()
        for places in sessions(pool):
            mean = rows[places].mean(0)
            near = float(mean @ question) / (float(mean @ mean) ** 0.5 or 1.0)
            topics = frozenset().union(*(bag(searched(pool[i])) for i in places))
            age = max(self.now - pool[places[-1]].time, 0.0)
            order.append((math.exp(-self.decay * age) * (near + overlap(words, topics)), places))
        scores = [0.0] * len(pool)
        for rank, (_, places) in enumerate(sorted(order, key=lambda pair: pair[0])):
            for i in places:
                scores[i] = 3 * rank + float(rows[i] @ question)  # a cosine never lifts a line over a better session
        return best(pool, scores, k)


def sessions(pool: Sequence[Record], pause: float = PAUSE) -> list[list[int]]:
    """Places of the records, oldest first, cut where more than `pause` seconds lie between two."""
    found: list[list[int]] = []
    last = -math.inf
    for i in sorted(range(len(pool)), key=lambda i: (pool[i].time, i)):
        if pool[i].time - last > pause:
            found.append([])
        found[-1].append(i)
        last = pool[i].time
    return found
