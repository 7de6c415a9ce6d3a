"""Texts judged for a user by his opinions, with the records that each verdict rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from idiolect.applications.taste.likeness import points
from idiolect.applications.taste.opinions import Opinion
from idiolect.applications.taste.regression import Expected, expected
from idiolect.memory.results import memory

if TYPE_CHECKING:
    from idiolect.retrieval.protocol import Encoder

MOST = 400  # opinions that are weighed, the surest and then the newest: their cube is the time it takes
SHOWN, LEAST = 3, 0.2  # reasons of a verdict, and the share of the first that the last must have
SEEN = 0.005  # what adds less to a verdict does not bear on it
APART = 0.3  # how far an opinion counts that has nothing to do with what is asked


@dataclass(frozen=True, kw_only=True)
class Reason:
    """A record that a verdict rests on. added: by how much it moved it. alike: how like the text is to it."""

    id: str
    memory: str
    added: float
    alike: float

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"id": self.id, "memory": self.memory, "added": round(self.added, 4), "alike": round(self.alike, 4)}


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """m texts under n opinions."""

    expected: Expected
    opinions: Sequence[Opinion]

    @property
    def bears(self) -> bool:
        """Whether any opinion moves any verdict."""
        return bool((np.abs(self.expected.added) > SEEN).any())

    def reasons(self, place: int, scale: float = 1.0) -> tuple[Reason, ...]:
        """The records that moved a text's verdict most, up or down.

        Args:
            scale: by what the verdict is multiplied before it is shown.
        """
        added: dict[str, float] = {}
        alike: dict[str, float] = {}
        said = {o.record.id: o.record for o in self.opinions}
        rows = self.expected.added[place].tolist(), self.expected.alike[place].tolist()
        for opinion, more, near in zip(self.opinions, *rows, strict=True):
            id = opinion.record.id
            added[id] = added.get(id, 0.0) + more
            alike[id] = max(alike.get(id, 0.0), near)
        best = sorted(added, key=lambda id: -abs(added[id]))[:SHOWN]
        least = max(SEEN, LEAST * abs(added[best[0]])) if best else 0.0
        return tuple(
            Reason(id=id, memory=memory(said[id]), added=scale * added[id], alike=alike[id])
            for id in best
            if abs(added[id]) >= least
        )


def judged(texts: Sequence[str], opinions: Sequence[Opinion], encoder: Encoder | None, *, asked: str = "") -> Judged:
    """What he would think of texts.

    Args:
        asked: a question; opinions that have to do with it then count in full, others little.
    """
    surest = sorted(range(len(opinions)), key=lambda i: (opinions[i].noise, -i))[:MOST]
    kept = [opinions[i] for i in sorted(surest)]
    all_ = points([*texts, *(o.text for o in kept), *([asked] if asked else [])], encoder)
    m, n = len(texts), len(kept)
    held, noise = all_[m : m + n], None
    if asked and kept:
        near = held.likeness(all_[m + n :])[:, 0]
        noise = np.array([o.noise for o in kept]) / (APART + near).clip(max=1.0)
    return Judged(expected=expected(all_[:m], held, kept, noise), opinions=kept)
