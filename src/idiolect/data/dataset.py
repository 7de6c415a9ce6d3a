"""What a reader returns: users, their records, and the questions that a benchmark asks about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from idiolect.core.types import Query, Record
from idiolect.data.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of a data set. `evidence`: ids of the records in which its answer lies, where that is known."""

    id: str
    user: str
    task: str
    query: Query
    target: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """`people`: records by user, oldest first. `notes`: by user and record's id, what else was noted beside it."""

    name: str
    people: Mapping[str, tuple[Record, ...]]
    questions: tuple[Asked, ...] = ()
    notes: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)

    def fill(self, store: Store) -> None:
        """Writes everybody's records into a store."""
        for user, records in self.people.items():
            store.append(user, records)
