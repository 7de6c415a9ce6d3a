"""Which rows hold in a moment, and which of them have a question's words."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from idiolect.data.sqlite.connection import Connection, values
from idiolect.retrieval.terms import asked

NOW = "record.replaced IS NULL AND (record.ended IS NULL OR record.ended > ?1)"
THEN = (
    "record.began <= ?1 AND (record.ended IS NULL OR record.ended > ?1) "
    "AND (record.replaced IS NULL OR record.replaced > ?1)"
)
SLICE = 256  # rows that are asked about at once


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """The rows that a question may find.

    Args:
        moment: POSIX seconds.
        past: what held then, corrections since then left aside; else what is known now and has not expired.
        among: only these n, where it is given.
    """

    moment: float
    past: bool = False
    among: Collection[int] | None = None

    @property
    def condition(self) -> str:
        """As SQL, with the moment as ?1."""
        return THEN if self.past else NOW


def valid(connection: Connection, wanted: Wanted) -> list[int]:
    """n of the wanted rows, oldest first."""
    found = values(connection, f"SELECT n FROM record WHERE {wanted.condition} ORDER BY n", wanted.moment)
    return found if wanted.among is None else [n for n in found if n in wanted.among]


def kept(connection: Connection, ranked: Iterable[tuple[int, float]], wanted: Wanted) -> Iterator[tuple[int, float]]:
    """The wanted of (n, score), in their order; asks about no more than are taken from it, nearly."""
    query = f"SELECT n FROM record WHERE {wanted.condition} AND n IN (SELECT value FROM json_each(?2))"
    rest = iter(ranked)
    while part := list(islice(rest, SLICE)):
        hold = set(values(connection, query, wanted.moment, json.dumps([n for n, _ in part])))
        yield from (one for one in part if one[0] in hold and (wanted.among is None or one[0] in wanted.among))


def sharing(connection: Connection, query: str) -> set[int]:
    """n of all rows that share a word with the query."""
    matched = _matched(query)
    return set(values(connection, "SELECT rowid FROM word WHERE word MATCH ?", matched)) if matched else set()


def having_words(connection: Connection, query: str, wanted: Wanted, k: int) -> list[tuple[int, float]]:
    """(n, BM25) of the k best wanted rows that share a word with the query, best first; of equals the newer first."""
    if not (matched := _matched(query)):
        return []
    ranked: Any = connection.execute(
        "SELECT rowid, -bm25(word) FROM word WHERE word MATCH ? ORDER BY bm25(word), rowid DESC", (matched,)
    )
    return list(islice(kept(connection, ranked, wanted), k))


def _matched(query: str) -> str:
    """As the index of words is asked; empty where there is no word."""
    return " OR ".join(f'"{term}"' for term in asked(query))
