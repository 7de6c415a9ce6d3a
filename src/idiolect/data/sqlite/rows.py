"""Records as rows. Every function works inside the transaction of the connection that it is given."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Record
from idiolect.data.records import lawful, parse, plain
from idiolect.data.sqlite import facts, jobs, vectors
from idiolect.data.sqlite.connection import Connection, value, values
from idiolect.retrieval.protocol import searched
from idiolect.retrieval.terms import VERSION, indexed

COLUMNS = "n, id, version, kind, created, time, replaced, body, metadata, expires"
UNDATED = 0.0  # the time of a record that states none
JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
ONCE, ONCE_END = "once ", "once!"  # names in `meta`: of the writes that were done under a key
REMEMBERED = 30 * 86400.0  # seconds that a key is known
TWICE = "Ids name one record of a user for ever: give the new one an id of its own."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One version of one record.

    Args:
        version: from 1.
        created: time of the first version (POSIX seconds).
        replaced: since when another version holds, None for the current one.
        metadata: what the application noted beside it.
        expires: when it is erased, with all its versions (POSIX seconds); None where that is never.
    """

    n: int
    version: int
    created: float
    replaced: float | None
    record: Record
    metadata: Mapping[str, Any]
    expires: float | None = None

    def lasts(self, clock: Callable[[], float]) -> bool:
        """Whether it may still be seen."""
        return self.expires is None or self.expires > clock()


def append(
    connection: Connection,
    user: str,
    records: Iterable[Record],
    metadata: Mapping[str, Any] | None = None,
    *,
    now: float | None = None,
    expires: float | None = None,
) -> list[Row]:
    """Adds records at the end and indexes their words; gives the rows that are new.

    Args:
        now: the time of records that state none, where it is given.
        expires: when they are erased.

    Raises:
        BadInput: an id that another record of his has, a field of another type, or a text that is no Unicode.
    """
    noted = written(metadata)
    new = []
    for given in map(lawful, records):
        dated = now is None or given.time != UNDATED
        if value(connection, "SELECT 1 FROM record WHERE id = ?", given.id) is None:
            record = given if now is None or dated else dataclasses.replace(given, time=now)
            n = insert(connection, record, noted, created=record.time, expires=expires)
            kept = json.loads(noted) if noted else {}  # as it will be read again
            row = Row(n=n, version=1, created=record.time, replaced=None, record=record, metadata=kept, expires=expires)
            new.append(row)
        elif not any(_same(given, row.record, dated) for row in versions(connection, given.id)):
            raise BadInput(f"user {user!r}", f"two different records with the id {given.id!r}", TWICE)
    return new


def again(connection: Connection, user: str, key: str, given: Iterable[Record], now: float) -> list[Row] | None:
    """What is left of the same write, where it was done before under this key; None where it was not: from now on it
    was. The key is known for a while, also where the records were deleted meanwhile.

    Raises:
        BadInput: the key was of another write.
    """
    mark = ONCE + hashlib.blake2b(key.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    old = "DELETE FROM meta WHERE name >= ? AND name < ? AND value < ?"
    connection.execute(old, (ONCE, ONCE_END, now - REMEMBERED))
    if value(connection, "SELECT 1 FROM meta WHERE name = ?", mark) is None:
        connection.execute("INSERT INTO meta VALUES (?, ?)", (mark, now))
        return None
    left = []
    for record in given:
        known = versions(connection, record.id)
        if known and not any(_same(record, row.record, record.time != UNDATED) for row in known):
            fix = "Give each write a key of its own, and the same again only to say the same."
            raise BadInput(f"user {user!r}", "another write had this key", fix)
        left += [row for row in known if row.replaced is None]
    return left


def insert(
    connection: Connection,
    record: Record,
    noted: str | None,
    *,
    created: float,
    version: int = 1,
    replaced: float | None = None,
    expires: float | None = None,
) -> int:
    """One version, with its words; gives its n.

    Raises:
        BadInput: a text that is no Unicode.
    """
    began = record.time if record.valid_from is None else record.valid_from
    named = (record.id, version, record.kind, created, record.time, began, record.valid_to, replaced)
    insertion = "INSERT INTO record (id, version, kind, created, time, began, ended, replaced, body, metadata, expires)"
    try:
        connection.execute(f"{insertion} VALUES (?,?,?,?,?,?,?,?,?,?,?)", (*named, body(record), noted, expires))
    except UnicodeEncodeError:
        fix = "Give text that was decoded with its own encoding."
        raise BadInput(f"record {record.id!r}", "it holds half a character (a lone surrogate)", fix) from None
    n = connection.last_insert_rowid()
    connection.execute("INSERT INTO word (rowid, terms) VALUES (?, ?)", (n, terms(record)))
    if record.kind == "turn" and replaced is None:
        jobs.enqueue(connection, "facts", n)
    return n


def enter(connection: Connection, row: Row) -> int:
    """One version as it was elsewhere; gives its n here."""
    return insert(
        connection,
        row.record,
        written(row.metadata),
        created=row.created,
        version=row.version,
        replaced=row.replaced,
        expires=row.expires,
    )


def replace(connection: Connection, record: Record, noted: str | None, now: float) -> int:
    """A new version of a record that is there; the old one stays until it is deleted. Both expire as it did."""
    last = versions(connection, record.id)[-1]
    connection.execute("UPDATE record SET replaced = ? WHERE id = ? AND replaced IS NULL", (now, record.id))
    facts.corrected(connection, last.n, now)
    version = last.version + 1
    return insert(connection, record, noted, created=last.created, version=version, expires=last.expires)


def delete(connection: Connection, rows: Iterable[Row]) -> None:
    """Removes rows, their words and their places among the vectors; scrubbing then reaches the bytes."""
    for row in rows:
        erasure = "INSERT INTO word (word, rowid, terms) VALUES ('delete', ?, ?)"
        connection.execute(erasure, (row.n, terms(row.record)))
        connection.execute("DELETE FROM vector WHERE n = ?", (row.n,))
        facts.forget(connection, row.n)
        jobs.drop(connection, row.n)
        connection.execute("DELETE FROM record WHERE n = ?", (row.n,))
    vectors.changed(connection)
    connection.execute("INSERT INTO meta VALUES ('unclean', 1) ON CONFLICT DO UPDATE SET value = value + 1")


def ended(connection: Connection, now: float) -> set[int]:
    """n of all versions of what was to be kept until now, and is still there."""
    return set(values(connection, "SELECT n FROM record WHERE expires <= ?", now))


def ends(connection: Connection) -> float | None:
    """When the first of it is to be erased (POSIX seconds); None where all is kept."""
    found: float | None = value(connection, "SELECT min(expires) FROM record WHERE expires IS NOT NULL")
    return found


def expire(connection: Connection, now: float) -> int:
    """Erases what was to be kept until now, as `delete` does; gives how many records."""
    if not (numbers := ended(connection, now)):
        return 0
    gone = at(connection, numbers)
    delete(connection, gone.values())
    return len({row.record.id for row in gone.values()})


def current(connection: Connection) -> list[Row]:
    """What holds since its last correction, in the order it came."""
    return _rows(connection.execute(f"SELECT {COLUMNS} FROM record WHERE replaced IS NULL ORDER BY n"))


def after(connection: Connection, n: int) -> list[Row]:
    """All versions that came after one, in the order they came."""
    return _rows(connection.execute(f"SELECT {COLUMNS} FROM record WHERE n > ? ORDER BY n", (n,)))


def everything(connection: Connection) -> list[Row]:
    """All versions of all records, in the order they came."""
    return _rows(connection.execute(f"SELECT {COLUMNS} FROM record ORDER BY n"))


def versions(connection: Connection, id: str) -> list[Row]:
    """One record's versions, oldest first."""
    return _rows(connection.execute(f"SELECT {COLUMNS} FROM record WHERE id = ? ORDER BY version", (id,)))


def since(connection: Connection) -> dict[str, float]:
    """By id of each record, when the oldest version that is left was said; 0 where that is the first."""
    oldest = "SELECT id, iif(version = 1, 0.0, time), min(version) FROM record GROUP BY id"
    return {str(id): float(time) for id, time, _ in connection.execute(oldest)}


def at(connection: Connection, numbers: Iterable[int]) -> dict[int, Row]:
    """Rows by their n; those that are gone are left out."""
    wanted = list(numbers)
    which = ("n = ?", wanted[0]) if len(wanted) == 1 else ("n IN (SELECT value FROM json_each(?))", json.dumps(wanted))
    found = connection.execute(f"SELECT {COLUMNS} FROM record WHERE {which[0]}", which[1:])
    return {row.n: row for row in _rows(found)}


def reindex(connection: Connection) -> bool:
    """Makes the index of words anew where another version of the splitting made it; tells whether it did."""
    if value(connection, "SELECT value FROM meta WHERE name = 'terms'") == VERSION:
        return False
    connection.execute("INSERT INTO word (word) VALUES ('delete-all')")
    for row in everything(connection):
        connection.execute("INSERT INTO word (rowid, terms) VALUES (?, ?)", (row.n, terms(row.record)))
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('terms', ?)", (VERSION,))
    return True


def terms(record: Record) -> str:
    """The words of a record as the index takes them."""
    return " ".join(indexed(searched(record)))


def written(metadata: Mapping[str, Any] | None) -> str | None:
    """What an application noted beside a record, as JSON.

    Raises:
        BadInput: no mapping of names, or something that JSON cannot hold.
    """
    if metadata is None or metadata == {}:
        return None
    if not isinstance(metadata, Mapping) or not all(isinstance(name, str) for name in metadata):
        raise BadInput("metadata", "no object with names", 'Give {"topic": "food"}.')
    try:
        return json.dumps(metadata, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError) as error:
        raise BadInput("metadata", str(error), "Give texts, numbers, lists and objects of them.") from None


def body(record: Record) -> str:
    """The fields that have no column of their own, as JSON."""
    return JSON.encode({k: v for k, v in plain(record).items() if k not in ("id", "kind", "time")})


def _rows(found: Iterable[tuple[Any, ...]]) -> list[Row]:
    return [_row(*stored) for stored in found]


def _row(*stored: Any) -> Row:
    n, id, version, kind, created, time, replaced, said, metadata, expires = stored
    record = parse({"kind": kind, "id": id, "time": time, **json.loads(said)}, f"record {n}")
    return Row(
        n=n,
        version=version,
        created=created,
        replaced=replaced,
        record=record,
        metadata=json.loads(metadata) if metadata else {},
        expires=expires,
    )


def _same(given: Record, known: Record, dated: bool) -> bool:
    """Whether it is the same record; one that states no time got one here."""
    return given == (known if dated else dataclasses.replace(known, time=UNDATED))
