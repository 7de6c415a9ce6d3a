"""The `Store` protocol over PostgreSQL. Whatever touches a user's rows does so under his identity."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Record
from idiolect.data.policy import Policy, checked, parsed
from idiolect.data.postgres.connection import Pool, become
from idiolect.data.records import parse
from idiolect.data.sqlite.rows import TWICE, Row, body, written
from idiolect.data.store import append_only, named

if TYPE_CHECKING:
    import psycopg

COLUMNS = "n, id, version, kind, created, time, replaced, body, metadata, expires"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What an erasure did; times are POSIX seconds.

    Args:
        n: counts.
        whole: the user himself went; else only some of his records.
        purged: when the bytes were out of the server's files too (`purge`).
    """

    n: int
    unit: str
    whole: bool
    began: float
    records: int
    purged: float | None

    @property
    def status(self) -> str:
        """ "closed" once no byte is left, else "open"."""
        return "open" if self.purged is None else "closed"


class PostgresStore:
    """Records by user of one space.

    Args:
        url: of the database, as the application's role (`schema.install` makes both).
        policy: what holds for who was not asked; what `schema.govern` put on the server where it is left out.
        clock: POSIX seconds.

    Raises:
        StoreError: no server, nothing installed, or a role that could pass by row-level security.
    """

    def __init__(
        self,
        url: str,
        space: str = "default",
        *,
        policy: Policy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.space, self.clock = space, clock
        self.pool = Pool(url)
        self.policy = policy or self._stated()

    def append(self, user: str, records: Iterable[Record]) -> None:
        """Adds records at the end; all of them or none, on the server's disk when this returns.

        Raises:
            BadInput: an empty user name, or an id that another record of his has.
            ConsentError: he does not want to be remembered.
        """
        given = append_only({}, named(user), records)
        with self.writing(user, make=True) as (connection, unit):
            _willing(connection, unit, user, given)
            known: dict[str, list[Record]] = {}
            for row in versions(connection, unit, [id.encode() for id in given]):
                known.setdefault(row.record.id, []).append(row.record)
            for record in given.values():
                if record.id in known and record not in known[record.id]:
                    raise BadInput(f"user {user!r}", f"two different records with the id {record.id!r}", TWICE)
            new = [Row(n=0, version=1, created=r.time, replaced=None, record=r, metadata={}) for r in given.values()]
            fresh = [row for row in new if row.record.id not in known]
            insert(connection, unit, _numbered(connection, unit, fresh))
            self._note(connection, unit, "append", count=len(fresh))

    def records(self, user: str, *, purpose: str = "") -> tuple[Record, ...]:
        """All of a user's records in the order they came, as last corrected; empty for a stranger."""
        with self.reading(user) as (connection, unit):
            if not unit:
                return ()
            held = (row for row in versions(connection, unit) if row.replaced is None)
            found = tuple(row.record for row in held if row.lasts(self.clock))
            self._note(connection, unit, "records", purpose=purpose, count=len(found))
            return found

    def users(self) -> tuple[str, ...]:
        """Everybody who has records or consents, in the order they came."""
        with self.pool.acting(space=self.space) as connection:
            found = connection.execute("SELECT id FROM idiolect.person WHERE space = %s ORDER BY n", (self.space,))
            return tuple(bytes(row[0]).decode() for row in found)

    def erase(self, user: str) -> int:
        """Removes a user and all that he said; returns the number of records that went.

        The receipt stays open until `purge` took the bytes out of the server's files.
        """
        with self.writing(user) as (connection, unit):
            if not unit:
                return 0
            gone = "DELETE FROM idiolect.record WHERE unit = %s RETURNING replaced IS NULL"
            count = sum(bool(row[0]) for row in connection.execute(gone, (unit,)))
            for table in ("known", "consent", "audit", "person"):
                connection.execute(f"DELETE FROM idiolect.{table} WHERE unit = %s".encode(), (unit,))
            self.receive(connection, unit, count, whole=True)
            return count

    def receive(self, connection: psycopg.Connection, unit: str, records: int, *, whole: bool) -> None:
        """Opens a receipt, in the transaction of what it is about."""
        entry = "INSERT INTO idiolect.receipt (unit, space, began, records, whole) VALUES (%s, %s, %s, %s, %s)"
        connection.execute(entry, (unit, self.space, self.clock(), records, whole))

    def receipts(self) -> tuple[Receipt, ...]:
        """What was erased, users and single records, oldest first."""
        names = ("n", "unit", "whole", "began", "records", "purged")
        query = f"SELECT {', '.join(names)} FROM idiolect.receipt WHERE space = %s ORDER BY n"
        with self.pool.acting(space=self.space) as connection:
            found = connection.execute(query.encode(), (self.space,)).fetchall()
        return tuple(Receipt(**dict(zip(names, row, strict=True))) for row in found)

    def consents(self, user: str) -> frozenset[str]:
        """What he allows; a stranger allows what a new user does."""
        with self.reading(user) as (connection, unit):
            if not unit:
                return self.policy.consents
            found = connection.execute("SELECT purpose FROM idiolect.consent WHERE unit = %s", (unit,))
            return frozenset(row[0] for row in found)

    def consent(self, user: str, *purposes: str) -> None:
        """Replaces what he allows; without purposes he allows nothing."""
        with self.writing(named(user), make=True) as (connection, unit):
            allow(connection, unit, checked(purposes))
            self._note(connection, unit, "consent", count=len(purposes))

    def remembered(self, user: str) -> bool:
        """Whether anything is kept of what he says."""
        with self.reading(user) as (connection, unit):
            return _remembered(connection, unit) if unit else self.policy.remember

    def audit(self, user: str) -> list[dict[str, Any]]:
        """Who read or changed what, when and for which purpose, oldest first; without content."""
        names = ("time", "actor", "action", "purpose", "count")
        with self.reading(user) as (connection, unit):
            query = f"SELECT {', '.join(names)} FROM idiolect.audit WHERE unit = %s ORDER BY n"
            found = connection.execute(query.encode(), (unit,)).fetchall()
        return [dict(zip(names, row, strict=True)) for row in found]

    def close(self) -> None:
        """Ends all connections."""
        self.pool.close()

    @contextmanager
    def reading(self, user: str) -> Iterator[tuple[psycopg.Connection, str]]:
        """(connection under his identity, unit); an empty unit for a stranger."""
        with self.pool.acting(space=self.space, durable=False) as connection:
            unit = _unit(connection, self.space, user, "")
            become(connection, unit)
            yield connection, unit

    @contextmanager
    def writing(self, user: str, *, make: bool = False) -> Iterator[tuple[psycopg.Connection, str]]:
        """As `reading`, the only writer of this user; a stranger gets a unit where one is to be made."""
        with self.pool.acting(space=self.space) as connection:
            unit = _unit(connection, self.space, user, "FOR UPDATE")
            fresh = not unit and make
            if fresh:
                entry = """INSERT INTO idiolect.person (space, id, unit, remember) VALUES (%s, %s, %s, %s)
                    ON CONFLICT (space, id) DO NOTHING RETURNING unit"""
                new = (self.space, user.encode(), secrets.token_hex(16), self.policy.remember)
                made = connection.execute(entry, new).fetchone()
                fresh = made is not None
                unit = str(made[0]) if made else _unit(connection, self.space, user, "FOR UPDATE")
            become(connection, unit)
            if fresh:
                allow(connection, unit, self.policy.consents)
            yield connection, unit

    def _stated(self) -> Policy:
        with self.pool.acting(space=self.space, durable=False) as connection:
            query = "SELECT stated FROM idiolect.policy WHERE space = %s"
            row = connection.execute(query, (self.space,)).fetchone()
        return parsed(row[0], f"policy of space {self.space!r} on the server") if row else Policy()

    def _note(
        self, connection: psycopg.Connection, unit: str, action: str, *, purpose: str = "", count: int = 1
    ) -> None:
        note(connection, unit, [(self.clock(), "store", action, purpose, count)])


def note(connection: psycopg.Connection, unit: str, lines: Iterable[tuple[float, str, str, str, int]]) -> None:
    """Lines of the audit trail: (time, actor, action, purpose, count)."""
    entry = "INSERT INTO idiolect.audit (unit, time, actor, action, purpose, count) VALUES (%s,%s,%s,%s,%s,%s)"
    with connection.cursor() as cursor:
        cursor.executemany(entry, [(unit, *line) for line in lines])


def _unit(connection: psycopg.Connection, space: str, user: str, lock: str) -> str:
    name = user.encode(errors="surrogatepass")  # with half a character nobody has it
    query = f"SELECT unit FROM idiolect.person WHERE space = %s AND id = %s {lock}"
    row = connection.execute(query.encode(), (space, name)).fetchone()
    return "" if row is None else str(row[0])


def _remembered(connection: psycopg.Connection, unit: str) -> bool:
    row = connection.execute("SELECT remember FROM idiolect.person WHERE unit = %s", (unit,)).fetchone()
    return bool(row and row[0])


def _willing(connection: psycopg.Connection, unit: str, user: str, given: Collection[object]) -> None:
    if given and not _remembered(connection, unit):
        raise ConsentError(f"user {user!r} does not want to be remembered. Ask him, then switch it on.")


def allow(connection: psycopg.Connection, unit: str, purposes: Iterable[str]) -> None:
    """Replaces what he allows."""
    connection.execute("DELETE FROM idiolect.consent WHERE unit = %s", (unit,))
    entries = [(unit, purpose) for purpose in sorted(set(purposes))]
    with connection.cursor() as cursor:
        cursor.executemany("INSERT INTO idiolect.consent VALUES (%s, %s)", entries)


def versions(connection: psycopg.Connection, unit: str, ids: Sequence[bytes] | None = None) -> Iterator[Row]:
    """All versions, or those of some ids, in the order they came."""
    among = "" if ids is None else "AND id = ANY(%s)"
    query = f"SELECT {COLUMNS} FROM idiolect.record WHERE unit = %s {among} ORDER BY n"
    yield from read(connection.execute(query.encode(), (unit,) if ids is None else (unit, list(ids))))


def read(found: Iterable[Any]) -> Iterator[Row]:
    """Rows of `COLUMNS` as versions of records."""
    for n, id, version, kind, created, when, replaced, said, metadata, expires in found:
        raw = {"kind": kind, "id": bytes(id).decode(), "time": when, **json.loads(said)}
        noted = json.loads(metadata) if metadata else {}
        record, times = parse(raw, f"record {n}"), {"created": created, "replaced": replaced, "expires": expires}
        yield Row(n=n, version=version, record=record, metadata=noted, **times)


def _numbered(connection: psycopg.Connection, unit: str, given: Iterable[Row]) -> Iterator[Row]:
    """With the numbers that come next in the unit, of which this transaction is the only writer."""
    found = connection.execute("SELECT coalesce(max(n), 0) FROM idiolect.record WHERE unit = %s", (unit,)).fetchone()
    last = int(found[0]) if found else 0
    yield from (replace(row, n=n) for n, row in enumerate(given, last + 1))


def insert(connection: psycopg.Connection, unit: str, given: Iterable[Row]) -> None:
    """Writes versions of records under their numbers.

    Raises:
        BadInput: a text that is no Unicode.
    """
    entry = f"""INSERT INTO idiolect.record (unit, {COLUMNS})
        OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"""
    rows = []
    for row in given:
        r = row.record
        try:
            id, said = r.id.encode(), body(r)
            said.encode()
        except UnicodeEncodeError:
            fix = "Give text that was decoded with its own encoding."
            raise BadInput(f"record {r.id!r}", "it holds half a character (a lone surrogate)", fix) from None
        times, noted = (row.created, r.time, row.replaced), written(row.metadata)
        rows.append((unit, row.n, id, row.version, r.kind, *times, said, noted, row.expires))
    with connection.cursor() as cursor:
        cursor.executemany(entry.encode(), rows)
