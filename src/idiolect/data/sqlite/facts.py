"""Facts as rows: what was stated, from when to when it holds, which fact took its place and why, and who said so.

Nothing is overwritten: a fact that was superseded keeps its value and is closed (`valid_to`, `reason`, `by`), so
that what held on a day can be asked, and a wrong decision taken back. A fact goes with the last record that states
it; what it had retired then holds again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from idiolect.data.sqlite.connection import Connection, value, values

COLUMNS = "n, kind, key, value, said, valid_from, valid_to, reason, by, sensitive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Times are POSIX seconds, `valid_to` None while it holds; `sensitive` names categories; `sources` are n of
    records."""

    n: int
    kind: str
    key: str
    value: str
    said: float
    valid_from: float
    valid_to: float | None
    reason: str | None
    by: int | None
    sensitive: tuple[str, ...]
    sources: tuple[int, ...] = ()


def insert(
    connection: Connection, slot: tuple[str, str, str], time: float, record: int, sensitive: Iterable[str] = ()
) -> int:
    """A fact (kind, key, value) that holds from a time on, stated by a record; gives its n."""
    insertion = "INSERT INTO fact (kind, key, value, said, valid_from, sensitive) VALUES (?,?,?,?,?,?)"
    connection.execute(insertion, (*slot, time, time, " ".join(sorted(sensitive)) or None))
    n = connection.last_insert_rowid()
    stated(connection, n, record)
    return n


def stated(connection: Connection, fact: int, record: int) -> None:
    """One more record says so."""
    connection.execute("INSERT OR IGNORE INTO source VALUES (?, ?)", (fact, record))


def close(connection: Connection, fact: int, when: float, reason: str, by: int | None = None) -> None:
    """It holds no longer."""
    given = (when, reason, by, fact)
    connection.execute("UPDATE fact SET valid_to = ?, reason = ?, by = ? WHERE n = ?", given)


def reopen(connection: Connection, fact: int) -> None:
    """It holds after all."""
    connection.execute("UPDATE fact SET valid_to = NULL, reason = NULL, by = NULL WHERE n = ?", (fact,))


def slot(connection: Connection, kind: str, key: str, value: str | None = None) -> list[Fact]:
    """All facts of a slot, or those of one value, oldest first."""
    which = "WHERE kind = ?1 AND key = ?2 AND (?3 IS NULL OR lower(value) = lower(?3)) ORDER BY valid_from, n"
    return _facts(connection, which, kind, key, value)


def at(connection: Connection, n: int) -> Fact | None:
    """One fact."""
    found = _facts(connection, "WHERE n = ?", n)
    return found[0] if found else None


def everything(connection: Connection) -> list[Fact]:
    """All facts, oldest first."""
    return _facts(connection, "ORDER BY valid_from, n")


def retired(connection: Connection, moment: float, *, past: bool) -> set[int]:
    """n of records of whose facts none holds: now, whatever will be said later; or as it was in the moment."""
    over = "fact.valid_to IS NOT NULL" + (" AND fact.valid_to <= ?1" if past else " AND ?1 = ?1")
    query = f"SELECT record FROM source JOIN fact ON fact.n = source.fact GROUP BY record HAVING min({over})"
    return set(values(connection, query, moment))


def corrected(connection: Connection, record: int, now: float) -> None:
    """The record has a new version: what it alone stated holds until now."""
    for fact in _alone(connection, record):
        held = value(connection, "SELECT valid_to FROM fact WHERE n = ?", fact)
        if held is None:
            close(connection, fact, now, "corrected")


def forget(connection: Connection, record: int) -> None:
    """The record goes: with it what it alone stated, and the reasons why other facts ended."""
    for fact in _alone(connection, record):
        for old in values(connection, "SELECT n FROM fact WHERE by = ?", fact):
            reopen(connection, old)
        connection.execute("DELETE FROM fact WHERE n = ?", (fact,))
    connection.execute("DELETE FROM source WHERE record = ?", (record,))
    connection.execute("DELETE FROM same WHERE record = ?1 OR first = ?1", (record,))


def _alone(connection: Connection, record: int) -> list[int]:
    """Facts that no other record states."""
    query = "SELECT fact FROM source GROUP BY fact HAVING min(record) = ?1 AND max(record) = ?1"
    return values(connection, query, record)


def _facts(connection: Connection, condition: str, *given: Any) -> list[Fact]:
    found: Any = connection.execute(f"SELECT {COLUMNS} FROM fact {condition}", given).fetchall()
    names = COLUMNS.split(", ")
    made = []
    for row in found:
        parts = dict(zip(names, row, strict=True))
        parts["sensitive"] = tuple((parts["sensitive"] or "").split())
        parts["sources"] = tuple(values(connection, "SELECT record FROM source WHERE fact = ? ORDER BY record", row[0]))
        made.append(Fact(**parts))
    return made
