"""Consolidation: what was said twice is one memory with two sources.

Two texts say the same if they have the same telling words in the same order, or, where the order differs, state exactly
the same facts and have nothing else to tell. Words of grammar, politeness and discourse tell nothing; numbers, names and
negations always do.
"""

from __future__ import annotations

import re

from idiolect.data.sqlite import rows
from idiolect.data.sqlite.connection import Connection, value, values
from idiolect.memory.facts.extract import sentences, stated
from idiolect.retrieval.protocol import searched
from idiolect.retrieval.stems import EMPTY, stem
from idiolect.retrieval.terms import indexed

FILLING = frozenset(
    "actually also anyway basically believe btw case course ever fact good guess hello hey hi honest honestly just know "
    "like little lol look listen maybe mean morning note oh okay one please quite really record remember right say see "
    "sure talk tell thing think time too truth trust update very way well yeah".split()
)
NOT = re.compile(r"\b(?:not?|never|none|nothing|nobody|without|hardly|\w+n['’]t|cannot)\b", re.I)
NEAR = 40  # texts with a rare word in common that a new one is compared with


def telling(text: str) -> tuple[str, ...]:
    """Stems of the words that tell something, in order."""
    return tuple(stem(t) for t in indexed(text) if t not in EMPTY and t not in FILLING)


def same(one: str, other: str) -> bool:
    """Whether two texts say the same."""
    if bool(NOT.search(one)) != bool(NOT.search(other)):
        return False
    if telling(one) == telling(other):
        return bool(telling(one)) or one.casefold().split() == other.casefold().split()
    mine = [stated(part) for part in sentences(one)]
    theirs = [stated(part) for part in sentences(other)]
    if len(mine) != 1 or len(theirs) != 1 or mine[0] is None or theirs[0] is None:
        return False
    return (mine[0].kind, mine[0].key, mine[0].value.casefold()) == (
        theirs[0].kind,
        theirs[0].key,
        theirs[0].value.casefold(),
    )


def merge(connection: Connection, record: int) -> None:
    """Notes that a record says again what an earlier one of the same speaker said."""
    row = rows.at(connection, [record]).get(record)
    if row is None or row.replaced is not None or row.record.kind != "turn":
        return
    words = telling(searched(row.record))
    if not words:
        return
    matched = " AND ".join(f'"{word}"' for word in sorted(set(words), key=len)[-2:])
    query = "SELECT rowid FROM word WHERE word MATCH ? AND rowid < ? ORDER BY rowid DESC LIMIT ?"
    numbers = values(connection, query, matched, record, NEAR)
    for n, other in sorted(rows.at(connection, numbers).items()):
        alike = other.replaced is None and other.record.kind == "turn"
        if alike and other.record.asserted_by == row.record.asserted_by:
            if same(searched(other.record), searched(row.record)):
                first = value(connection, "SELECT first FROM same WHERE record = ?", n) or n
                connection.execute("INSERT OR REPLACE INTO same VALUES (?, ?)", (record, first))
                return
