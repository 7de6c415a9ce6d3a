"""What a reader returns: users, their records, and the questions that a benchmark asks about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """`people`: records by user, oldest first. `notes`: by user and record's id, what else was noted beside it.

    `undated`: user and record's id of what states no time, and follows nothing that does; its time tells the order
    alone.
    """

    name: str
    people: Mapping[str, tuple[Record, ...]]
    questions: tuple[Asked, ...] = ()
    notes: Mapping[tuple[str, str], Mapping[str, Any]] = field(default_factory=dict)
    undated: frozenset[tuple[str, str]] = frozenset()

    def fill(self, store: Store) -> None:
        """Writes everybody's records into a store."""
        for user, records in self.people.items():
            store.append(user, records)


def timeless(people: Mapping[str, Iterable[Record]]) -> frozenset[tuple[str, str]]:
    """User and id of every record whose time was left at 0."""
    return frozenset((user, record.id) for user, records in people.items() for record in records if not record.time)
