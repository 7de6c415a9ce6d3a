"""PersonaMem's agentic memory: one note that a person can read, and that grows with every session (Jiang et al., 2025).

    note_0 = nothing        note_s = roll(note_{s-1}, what he said in session s)        at most 2,048 tokens

Nothing is searched: the whole note stands before every question. A model that was trained to do so rewrites the note in
the paper; here `compress.roll` keeps the lines that cover most.

Relations: all others give less, chosen by the question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.types import Record
from idiolect.memory.compress import Line, roll
from idiolect.memory.presets.ldagent import sessions
from idiolect.memory.presets.teachme import own
from idiolect.retrieval.protocol import Hits, searched


@dataclass(frozen=True, kw_only=True)
class PersonaMem:
    """`tokens` that the note may have."""

    tokens: int = 2048

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        """The lines of the note, the newest first, whatever is asked."""
        ids = tuple(line.source for line in reversed(self.note(pool)))[: max(k, 0)]
        return Hits(ids=ids, scores=tuple(float(-place) for place in range(len(ids))))

    def note(self, pool: Sequence[Record]) -> tuple[Line, ...]:
        """What stands in the note, oldest first."""
        lines: tuple[Line, ...] = ()
        for places in sessions(pool):
            new = [Line(source=pool[i].id, text=searched(pool[i])) for i in places if own(pool[i])]
            lines = roll(lines, new, self.tokens)
        return lines
