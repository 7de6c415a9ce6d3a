"""MemoryOS: three tiers, as an operating system holds pages (Kang et al., EMNLP 2025).

    short term    the last pages, given whatever is asked
    middle term   older pages in segments by topic; of the 5 segments that fit best the 7 nearest pages are given
    long term     what is stated of the user; the 20 nearest are given

Where there are more segments than room, the one that was visited least goes, with its pages. A page here is a record;
the paper has a model name the topic of a page and take facts from hot segments: see `segments`, and `memory.facts` for
the facts.

Relations: `ldagent` cuts sessions by pauses; `omem` looks up words and traits beside topics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from idiolect.core.types import Record
from idiolect.memory.forget import Trace, crowded_out
from idiolect.memory.presets.segments import Segment, bag, segments, vectors
from idiolect.memory.results import kind
from idiolect.retrieval.dense import DIGITS, MiniLM
from idiolect.retrieval.protocol import Encoder, Hits

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class MemoryOS:
    """`short` pages and `room` segments are held; `traces` by record id say how often each was recalled."""

    traces: Mapping[str, Trace] = field(default_factory=dict)
    encoder: Encoder = field(default=MiniLM())
    short: int = 10
    room: int = 2000
    topics: int = 5
    pages: int = 7
    facts: int = 20

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        """What the middle term gives, then the last pages, then what is stated of him."""
        if not pool:
            return Hits()
        question, rows = vectors(self.encoder, query, pool)
        near: list[float] = (rows @ question).round(DIGITS).tolist()
        stated = [i for i, record in enumerate(pool) if kind(record) == "fact"]
        said = sorted(set(range(len(pool))) - set(stated), key=lambda i: (pool[i].time, i))
        older, last = said[: max(len(said) - self.short, 0)], said[max(len(said) - self.short, 0) :]
        middle = self._middle([pool[i] for i in older], rows[older])
        middle.sort(key=lambda segment: -segment.fit(question, bag(query)))
        fitting = [older[i] for i in chain.from_iterable(s.places for s in middle[: self.topics])]
        given = [*_nearest(fitting, near, self.pages), *last[::-1], *_nearest(stated, near, self.facts)][: max(k, 0)]
        return Hits(ids=tuple(pool[i].id for i in given), scores=tuple(float(-place) for place in range(len(given))))

    def _middle(self, older: Sequence[Record], rows: NDArray[np.float32]) -> list[Segment]:
        """The segments for which there is room."""
        found = segments(older, rows)
        if len(found) <= self.room:
            return found
        heat = []
        for number, segment in enumerate(found):
            traces = [self.traces[id] for i in segment.places if (id := older[i].id) in self.traces]
            newest = max(older[i].time for i in segment.places)
            heat.append(Trace(id=str(number), time=newest, recalls=sum(t.recalls for t in traces)))
        gone = set(crowded_out(heat, max(t.time for t in heat), self.room, by="lfu"))
        return [segment for number, segment in enumerate(found) if str(number) not in gone]


def _nearest(places: Sequence[int], near: Sequence[float], most: int) -> list[int]:
    return sorted(places, key=lambda i: (-near[i], -i))[:most]
