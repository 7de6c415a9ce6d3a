"""A-Mem: notes that link themselves to earlier ones, and change with what they are linked to (Xu et al., NeurIPS 2025).

    links(i) = the 5 earlier notes nearest to note i, of cosine 0.5 at least
    e'(i)    = e(i) + 0.5 * mean over its links, in both directions, of e(j), to unit length
    given    = the notes nearest to the question by e', each followed by what it is linked to

As in the slip box that the paper takes its name from, a note is read with its neighbours. A model writes keywords and
context of a note there, decides on links and rewrites its neighbours; here vectors link, and move.

Relations: `hipporag` links over words that two records share, and walks on; here a link is one step, by meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from idiolect.core.types import Record
from idiolect.memory.presets.segments import vectors
from idiolect.retrieval.dense import DIGITS, MiniLM
from idiolect.retrieval.protocol import Encoder, Hits

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class AMem:
    """`links` are made to as many earlier notes, `near` is the cosine from which on, `evolve` how far notes move."""

    encoder: Encoder = field(default=MiniLM())
    links: int = 5
    near: float = 0.5
    evolve: float = 0.5

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        if not pool:
            return Hits()
        question, rows = vectors(self.encoder, query, pool)
        linked = self.linked(rows)
        moved = np.stack([self._moved(rows, i, others) for i, others in enumerate(linked)])
        scores = (moved @ question).round(DIGITS).tolist()
        given: dict[int, float] = {}
        for i in sorted(range(len(pool)), key=lambda i: (-scores[i], -i)):
            if len(given) >= k:
                break
            for j in (i, *sorted(linked[i], key=lambda j: (-scores[j], -j))):
                given.setdefault(j, scores[i])  # a neighbour stands as high as the note that brought it
        ids = tuple(pool[i].id for i in given)[: max(k, 0)]
        return Hits(ids=ids, scores=tuple(given.values())[: len(ids)])

    def linked(self, rows: NDArray[np.float32]) -> list[set[int]]:
        """For each note the places of those it is linked with."""
        found: list[set[int]] = [set() for _ in rows]
        for i in range(1, len(rows)):
            cosines = (rows[:i] @ rows[i]).round(DIGITS)
            for j in np.argsort(-cosines, kind="stable")[: self.links].tolist():
                if cosines[j] >= self.near:
                    found[i].add(j)
                    found[j].add(i)
        return found

    def _moved(self, rows: NDArray[np.float32], i: int, others: set[int]) -> NDArray[np.float32]:
        here: NDArray[np.float32] = rows[i]
        if not others:
            return here
        moved = here + np.float32(self.evolve) * rows[sorted(others)].mean(0)
        unit: NDArray[np.float32] = moved / np.float32(float(moved @ moved) ** 0.5 or 1.0)
        return unit
