"""MaLP: a short-term and a long-term memory, and what is asked for often moves up (Zhang et al., NAACL 2024).

    short term    the last session, by edit distance below 6
    long term     what was recalled more than `often` times, by cosine above 0.9
    flushed       all else

Working memory and the splitting into common sense and the user's own knowledge need a model; here every record is a
note. The paper also trains an adapter on what was recalled: the methods of `adaptation` do.

Relations: `memprompt` has the same two look-ups over one tier, `memorybank` lets everything fade with time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from idiolect.core.types import Record
from idiolect.memory.forget import Trace
from idiolect.memory.presets.edits import ALIKE, mistyped
from idiolect.memory.presets.ldagent import sessions
from idiolect.retrieval.dense import DIGITS, MiniLM
from idiolect.retrieval.protocol import Encoder, Hits, best, searched


@dataclass(frozen=True, kw_only=True)
class MaLP:
    """`traces` by record id say how often each was recalled."""

    traces: Mapping[str, Trace] = field(default_factory=dict)
    encoder: Encoder = field(default=MiniLM())
    often: int = 2
    alike: float = ALIKE

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        long = [record for record in pool if record.id in self.traces and self.traces[record.id].recalls > self.often]
        promoted = {record.id for record in long}
        short = [pool[i] for i in (sessions(pool) or [[]])[-1] if pool[i].id not in promoted]
        found = {record.id: mistyped(query, searched(record)) for record in short}
        if long:
            rows = self.encoder.encode([query, *(searched(record) for record in long)])
            cosines = (rows[1:] @ rows[0]).round(DIGITS).tolist()
            found |= {r.id: c if c > self.alike else 0.0 for r, c in zip(long, cosines, strict=True)}
        close = [record for record in pool if found.get(record.id, 0.0) > 0]
        return best(close, [found[record.id] for record in close], k)
