"""Consolidation: what was said twice is one memory with two sources.

Two texts say the same if they have the same telling words in the same order, or, where the order differs, state the
same fact by an exact form of `facts.rules`. Words of grammar, politeness and discourse tell nothing; numbers, names and
negations always do.
"""

from __future__ import annotations

import re

from idiolect.data.sqlite import rows
from idiolect.data.sqlite.connection import Connection, value, values
from idiolect.memory.facts import rules
from idiolect.retrieval.protocol import searched
from idiolect.retrieval.stems import EMPTY, stem
from idiolect.retrieval.terms import indexed

FILLING_WORDS = """
actually also anyway basically believe btw case course ever fact good guess hello hey hi honest honestly just
know like little lol look listen maybe mean morning note oh okay one please quite really record remember right
say see sure talk tell thing think time too truth trust update very way well yeah
"""
FILLING = frozenset(FILLING_WORDS.split())
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
    if sorted(telling(one)) != sorted(telling(other)):
        return False
    mine, theirs = rules.match(one.casefold()), rules.match(other.casefold())
    return mine is not None and mine == theirs


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
    speaker = row.record.asserted_by
    for n, other in sorted(rows.at(connection, numbers).items()):
        alike = other.replaced is None and other.record.kind == "turn" and other.record.asserted_by == speaker
        if alike and same(searched(other.record), searched(row.record)):
            first = value(connection, "SELECT first FROM same WHERE record = ?", n) or n
            connection.execute("INSERT OR REPLACE INTO same VALUES (?, ?)", (record, first))
            return
