"""TeachMe: corrections by the user outlive and overrule what the system believed (Dalvi et al., EMNLP 2022).

    given = the r records with the highest BM25, without beliefs that one of the user's own statements denies

A belief is what anybody but the user said. It is denied by a statement with the same telling words of which exactly one
negates ("penguins fly", "penguins cannot fly"). The paper lets a model prove answers from these facts and check them;
that is left to whoever asks.

Relations: `memory.facts` retires values of slots, whoever stated them; here only who said it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.types import Record, Turn
from idiolect.memory.consolidate import NOT
from idiolect.memory.presets.segments import bag
from idiolect.retrieval.bm25 import BM25
from idiolect.retrieval.protocol import Hits, searched


@dataclass(frozen=True, kw_only=True)
class TeachMe:
    """`most`: r, the number of facts that are put before a question."""

    most: int = 5

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        denied = {_said(record, negated=not _negated(record)) for record in pool if own(record)}
        trusted = [r for r in pool if own(r) or _said(r, negated=_negated(r)) not in denied]
        hits = BM25().rank(query, trusted, min(k, self.most))
        found = sum(score > 0 for score in hits.scores)
        return Hits(ids=hits.ids[:found], scores=hits.scores[:found])


def own(record: Record) -> bool:
    """Whether the user said it himself."""
    return record.asserted_by == "user" and (not isinstance(record, Turn) or record.role == "user")


def _said(record: Record, *, negated: bool) -> tuple[frozenset[str], bool]:
    return bag(NOT.sub(" ", searched(record))), negated


def _negated(record: Record) -> bool:
    return bool(NOT.search(searched(record)))
