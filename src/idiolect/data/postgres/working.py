"""A user of PostgreSQL as a unit in memory, so that whatever works on a unit on disk works on him.

The server holds the truth. A copy is made when a user is first asked for, and anew where somebody else changed him
since; a change is made in both, in one transaction of the server's, and is acknowledged when that has ended. Facts,
what took their place and the queue are one JSON text on the server (`idiolect.known`): all tables of a unit but for
those that have one of their own there. Nothing of a copy touches a disk.

One connection serves all threads of a process, one after another.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

import apsw

from idiolect.core.errors import StoreError
from idiolect.data.postgres import vectors as remote
from idiolect.data.postgres.store import PostgresStore, allow, insert, note, versions
from idiolect.data.sqlite import rows, vectors
from idiolect.data.sqlite.connection import Connection, begin, reported, value, values
from idiolect.data.sqlite.later import Later
from idiolect.data.sqlite.schema import UNIT
from idiolect.data.sqlite.unit import SOON, Unit

if TYPE_CHECKING:
    import numpy as np
    import psycopg
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

HERE = Path("memory")  # what an error of the copy is about
ELSEWHERE = ("record", "vector", "consent", "audit", "meta")  # and the index of words
DERIVED = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'word%' AND name NOT LIKE 'sqlite_%'"
JOB = "kind, record, tries, due, dead, error"  # without its number, which is the copy's own
FRESH = "NOT dead AND tries = 0 AND due = 0"  # a job that nobody tried
STAMP = """
    SELECT (SELECT count(*) FROM idiolect.record WHERE unit = %(unit)s),
      (SELECT max(n) FROM idiolect.record WHERE unit = %(unit)s),
      (SELECT max(xmin::text::bigint) FROM idiolect.record WHERE unit = %(unit)s),
      (SELECT xmin::text FROM idiolect.known WHERE unit = %(unit)s),
      (SELECT remember FROM idiolect.person WHERE unit = %(unit)s)
"""
KEEP = """
    INSERT INTO idiolect.known (unit, upto, body) VALUES (%s, %s, %s)
    ON CONFLICT (unit) DO UPDATE SET upto = excluded.upto, body = excluded.body
"""


class Working(Unit):
    """One user's copy; made by `WorkingStore.unit`."""

    def __init__(self, store: PostgresStore, user: str) -> None:
        self.clock, self.users = store.clock, 0
        self._store, self._user = store, user
        self._copy, self._known = _empty(), ""
        self._stamp: tuple[Any, ...] = ()
        self._kept: dict[str, tuple[object, Any]] = {}
        self._seen: list[tuple[float, str, str, str, int | None, int]] = []
        self._alone, self._lock = RLock(), Lock()
        self._changes: list[tuple[float, str, str, str, int]] = []
        self._allowed: list[tuple[str, ...]] = []
        self._recorder, self._count, self._closed = Later(SOON, self.record), -1, False

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """The copy as the server has him now."""
        with self._alone:
            with self._store.reading(self._user) as (server, unit):
                self._refresh(server, unit)
            with reported(HERE):
                self._copy.execute("BEGIN")
                try:
                    yield self._copy
                finally:
                    self._copy.execute("ROLLBACK")

    @contextmanager
    def writing(self, *, patient: bool = True, make: bool = False) -> Iterator[Connection]:
        """The one writer, always patient: on the server and in the copy, or in neither; waiting audit lines go too.

        Args:
            make: a stranger becomes a user, if all goes well.
        """
        with self._alone:
            with self._lock:
                waiting, self._seen = self._seen, []
            self._changes, self._allowed = [], []
            try:
                with reported(HERE), self._store.writing(self._user, make=make) as (server, unit):
                    if not unit:
                        raise StoreError(f"user {self._user!r}", "erased meanwhile", "Ask for him again.")
                    self._refresh(server, unit)
                    before, ends = _held(self._copy), rows.ends(self._copy)
                    begin(self._copy)
                    yield self._copy
                    text = self._carry(server, unit, before)
                    if (first := rows.ends(self._copy)) != ends:
                        server.execute("UPDATE idiolect.person SET ends = %s WHERE unit = %s", (first, unit))
                    for purposes in self._allowed:
                        allow(server, unit, purposes)
                    reads = [(when, who, what, why, n) for when, who, what, why, _, n in waiting]
                    note(server, unit, [*reads, *self._changes])
                    stamp = _stamp(server, unit)
                self._copy.execute("COMMIT")
                self._stamp, self._known = stamp, text
            except BaseException:
                if self._copy.in_transaction:
                    self._copy.execute("ROLLBACK")
                with self._lock:
                    self._seen = [*waiting, *self._seen]
                raise

    def changed(
        self, connection: Connection, actor: str, action: str, *, record: int | None = None, count: int = 1
    ) -> None:
        """A line for the audit trail, in the transaction of the change on the server."""
        self._changes.append((self.clock(), actor, action, "", count))

    def allow(self, purposes: Iterable[str]) -> None:
        """Replaces what he allows, in the transaction of a change on the server."""
        self._allowed = [tuple(purposes)]

    def record(self) -> bool:
        """Writes the audit lines that wait; those of somebody who was erased go with his trail."""
        with self._alone:
            if self._closed or not self._seen:
                return True
            with self._store.reading(self._user) as (_, unit):
                if not unit:
                    self._seen.clear()
            return super().record()

    def scrub(self) -> bool:
        """Nothing is to be done: deleted bytes leave the server's files with `purge`, and a receipt waits for it."""
        return True

    def embed(self, encoder: Encoder, most: int, *, patient: bool = True) -> int:
        """Makes up to `most` missing vectors, newest records first; gives how many were made."""
        made = remote.embed(self._store, self._user, encoder, most)
        with self._store.reading(self._user) as (server, unit):
            row = server.execute("SELECT count(*) FROM idiolect.vector WHERE unit = %s", (unit,)).fetchone()
        count = int(row[0]) if row else 0
        with self._alone:
            if made or count != self._count:
                self._count = count
                vectors.changed(self._copy)
        return made

    def matrix(self, connection: Connection, encoder: Encoder) -> tuple[list[int], NDArray[np.float32]]:
        """(n of each row, (P, d) vectors), kept in memory until vectors come or go."""

        def read() -> tuple[list[int], NDArray[np.float32]]:
            known = set(values(connection, "SELECT n FROM record"))
            numbers, made = remote.everything(self._store, self._user, encoder)
            places = [place for place, n in enumerate(numbers) if n in known]
            return [numbers[place] for place in places], made[places]

        return self.kept("matrix", (vectors.identity(encoder), vectors.stamp(connection)), read)

    def sound(self) -> bool:
        """The server looks after its files itself."""
        return True

    def close(self) -> None:
        """Writes what waits and lets go of the copy."""
        waited = self._recorder.cancel()
        with self._alone:
            if waited:
                with suppress(StoreError):  # no server: lines of reads are lost, nothing else waits
                    self.record()
            self._closed = True
            self._copy.close()

    def _refresh(self, server: psycopg.Connection, unit: str) -> None:
        """Makes the copy anew where the server has something else."""
        stamp = _stamp(server, unit)
        if stamp == self._stamp:
            return
        self._copy.close()
        self._copy, self._kept, self._count = _empty(), {}, -1
        found = server.execute("SELECT upto, body FROM idiolect.known WHERE unit = %s", (unit,)).fetchone()
        upto, self._known = (int(found[0]), str(found[1])) if found else (0, "")
        begin(self._copy)
        for row in versions(server, unit):
            _numbered(self._copy, row.n)
            rows.enter(self._copy, row)
        self._copy.execute("DELETE FROM job WHERE record <= ?", (upto,))
        _restore(self._copy, self._known)
        remember = stamp[-1] is not False
        self._copy.execute("INSERT OR REPLACE INTO meta VALUES ('remember', ?)", (int(remember),))
        self._copy.execute("COMMIT")
        self._stamp = stamp

    def _carry(self, server: psycopg.Connection, unit: str, before: dict[int, float | None]) -> str:
        """Takes to the server what changed; gives what is now known there."""
        after = _held(self._copy)
        gone = [(unit, n) for n in before if n not in after]
        ended = [(after[n], unit, n) for n in before if n in after and after[n] != before[n]]
        with server.cursor() as cursor:
            cursor.executemany("DELETE FROM idiolect.record WHERE unit = %s AND n = %s", gone)
            cursor.executemany("UPDATE idiolect.record SET replaced = %s WHERE unit = %s AND n = %s", ended)
        if gone:
            self._store.receive(server, unit, sum(before[n] is None for _, n in gone), whole=False)
        fresh = rows.at(self._copy, [n for n in after if n not in before])
        insert(server, unit, [fresh[n] for n in sorted(fresh)])
        remember = value(self._copy, "SELECT value FROM meta WHERE name = 'remember'") != 0
        if remember != (self._stamp[-1] is not False):
            server.execute("UPDATE idiolect.person SET remember = %s WHERE unit = %s", (remember, unit))
        found = server.execute("SELECT upto FROM idiolect.known WHERE unit = %s", (unit,)).fetchone()
        upto = _upto(self._copy, int(found[0]) if found else 0)
        text = _dump(self._copy, upto)
        if text != self._known:
            server.execute(KEEP, (unit, upto, text))
        return text


def _empty() -> Connection:
    connection = apsw.Connection(":memory:")
    for step in UNIT:
        connection.execute(step)
    return connection


def _stamp(server: psycopg.Connection, unit: str) -> tuple[Any, ...]:
    """What changes with every change of a user."""
    row = server.execute(STAMP.encode(), {"unit": unit}).fetchone()
    assert row is not None
    return (unit, *row)


def _held(copy: Connection) -> dict[int, float | None]:
    """Since when each version is replaced, by n."""
    return dict(copy.execute("SELECT n, replaced FROM record"))


def _numbered(copy: Connection, n: int) -> None:
    """The next record gets this number."""
    copy.execute("DELETE FROM sqlite_sequence WHERE name = 'record'")
    copy.execute("INSERT INTO sqlite_sequence VALUES ('record', ?)", (n - 1,))


def _upto(copy: Connection, upto: int) -> int:
    """Up to which record something was understood: beyond it, every turn waits as it came."""
    waiting = set(values(copy, f"SELECT record FROM job WHERE record > ? AND {FRESH}", upto))
    turns = set(values(copy, "SELECT n FROM record WHERE n > ? AND kind = 'turn' AND replaced IS NULL", upto))
    last = value(copy, "SELECT max(n) FROM record") or 0
    return upto if waiting == turns and last >= upto else last


def _dump(copy: Connection, upto: int) -> str:
    """All that was derived up to a record, as JSON; empty where that is nothing."""
    tables: dict[str, list[Any]] = {}
    for table in values(copy, f"{DERIVED} ORDER BY name"):
        if table == "job":
            tables[table] = copy.execute(f"SELECT {JOB} FROM job WHERE record <= ? ORDER BY n", (upto,)).fetchall()
        elif table not in ELSEWHERE:
            tables[table] = copy.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2').fetchall()
    tables["sqlite_sequence"] = copy.execute("SELECT * FROM sqlite_sequence WHERE name = 'fact'").fetchall()
    once: Any = copy.execute("SELECT name, value FROM meta WHERE name >= ? AND name < ?", (rows.ONCE, rows.ONCE_END))
    if done := once.fetchall():
        tables["meta"] = done
    return json.dumps(tables, separators=(",", ":")) if upto or done else ""


def _restore(copy: Connection, text: str) -> None:
    tables: dict[str, list[list[Any]]] = json.loads(text) if text else {}
    for table, given in tables.items():
        named = f"job ({JOB})" if table == "job" else f'"{table}"'
        if table == "sqlite_sequence":  # after the facts themselves, which count it up
            copy.execute("DELETE FROM sqlite_sequence WHERE name = 'fact'")
        for row in given:
            copy.execute(f"INSERT INTO {named} VALUES ({', '.join('?' * len(row))})", row)
