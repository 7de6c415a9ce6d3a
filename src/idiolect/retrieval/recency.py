"""Newest first: what LaMP calls the recency baseline (Salemi et al. 2024)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.types import Record
from idiolect.retrieval.protocol import Hits, best


@dataclass(frozen=True)
class Recency:
    """The score of a record is its time (POSIX seconds)."""

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        return best(pool, [r.time for r in pool], k)
