"""Which rows hold in a moment, and which of them have a question's words."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from idiolect.data.sqlite.connection import Connection, values
from idiolect.retrieval.terms import asked

NOW = "record.replaced IS NULL AND (record.ended IS NULL OR record.ended > ?1)"
THEN = (
    "record.began <= ?1 AND (record.ended IS NULL OR record.ended > ?1) "
    "AND (record.replaced IS NULL OR record.replaced > ?1)"
)


def valid(connection: Connection, moment: float, *, past: bool = False) -> list[int]:
    """n of the rows that hold, oldest first.

    Args:
        moment: POSIX seconds.
        past: what held then, corrections since then left aside; else what is known now and has not expired.
    """
    return values(connection, f"SELECT n FROM record WHERE {THEN if past else NOW} ORDER BY n", moment)


def having_words(connection: Connection, query: str, allowed: Container[int], k: int) -> list[tuple[int, float]]:
    """(n, BM25) of the k best allowed rows that share a word with the query, best first; of equals the newer first."""
    terms = asked(query)
    if not terms:
        return []
    matched = " OR ".join(f'"{term}"' for term in terms)
    ranked: Any = connection.execute(
        "SELECT rowid, -bm25(word) FROM word WHERE word MATCH ? ORDER BY bm25(word), rowid DESC", (matched,)
    )
    best: list[tuple[int, float]] = []
    for n, score in ranked:
        if n in allowed:
            best.append((n, score))
            if len(best) == k:
                break
    return best
