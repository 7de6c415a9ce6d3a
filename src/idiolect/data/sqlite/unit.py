"""One user's folder, opened: his database, his vectors, and the trail of who read or changed what."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import apsw

from idiolect.core.errors import StoreError
from idiolect.data import answers, traces
from idiolect.data.policy import Policy
from idiolect.data.sqlite import folder, residue, rows, vectors
from idiolect.data.sqlite.connection import Connection, Database, connect, shut, value
from idiolect.data.sqlite.later import Later
from idiolect.data.sqlite.schema import UNIT, blank
from idiolect.retrieval.split import pieces
from idiolect.retrieval.terms import VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

FILE = "user.db"
AUDIT = "INSERT INTO audit (time, actor, action, purpose, record, count) VALUES (?,?,?,?,?,?)"
Made = TypeVar("Made")
SOON = 0.2  # seconds: deleted bytes are gone, and reads are on record, within one


class Unit:
    """Open handles on one unit of isolation; `users` counts who is at work with it."""

    def __init__(
        self,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        vfs: str | None = None,
        policy: Policy | None = None,
    ) -> None:
        self._policy = policy or Policy()
        self.path, self.name, self.clock, self.users = path, path.name, clock, 0
        self.ends: float | None = None  # when the first of it is to be erased, as the catalogue said last
        self._database = Database(path / FILE, UNIT, vfs=vfs)
        self._seen: list[tuple[float, str, str, str, int | None, int]] = []
        self._lock = Lock()
        self._kept: dict[str, tuple[object, Any]] = {}
        self._recorder, self._cleaner = Later(SOON, self.record), Later(SOON, self.scrub)
        try:
            self._ready()
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def make(
        cls,
        path: Path,
        *,
        clock: Callable[[], float] = time.time,
        vfs: str | None = None,
        policy: Policy | None = None,
    ) -> Unit:
        """An empty unit in a folder that is not there yet."""
        folder.private(path.parent)
        folder.private(path)
        folder.file(path / FILE, blank(UNIT))
        return cls(path, clock=clock, vfs=vfs, policy=policy)

    def kept(self, name: str, key: object, make: Callable[[], Made]) -> Made:
        """What was made under that name for that key, made anew where the key is another; for copies in memory."""
        held = self._kept.get(name)
        if held is None or held[0] != key:
            held = self._kept[name] = (key, make())
        made: Made = held[1]
        return made

    def reading(self) -> AbstractContextManager[Connection]:
        """One moment of the unit; give it back within half a second, so that deleted bytes can go."""
        return self._database.reading()

    @contextmanager
    def writing(self, *, patient: bool = True) -> Iterator[Connection]:
        """The one writer: all or nothing; audit lines that wait go with it.

        Raises:
            Busy: somebody else is writing, and we are not `patient`.
        """
        with self._lock:
            waiting, self._seen = self._seen, []
            self._recorder.cancel()
        try:
            with self._database.writing(patient=patient) as connection:
                if waiting:
                    connection.executemany(AUDIT, waiting)
                yield connection
                unclean = setting(connection, "unclean")
        except BaseException:
            with self._lock:
                self._seen = [*waiting, *self._seen]
                if self._seen:
                    self._recorder.soon()
            raise
        if unclean:
            self._kept.clear()  # copies of what was deleted
            self._cleaner.soon()

    def note(self, actor: str, action: str, *, purpose: str = "", record: int | None = None, count: int = 1) -> None:
        """A line for the audit trail, without content; written within a second or with the next change."""
        with self._lock:
            self._seen.append((self.clock(), actor, action, purpose, record, count))
            self._recorder.soon()

    def changed(
        self, connection: Connection, actor: str, action: str, *, record: int | None = None, count: int = 1
    ) -> None:
        """A line for the audit trail, in the transaction of the change: both are on the disk, or neither."""
        connection.execute(AUDIT, (self.clock(), actor, action, "", record, count))

    def expire(self, *, patient: bool = True) -> int:
        """Erases what was to be kept until now, with all its versions; gives how many records.

        Raises:
            Busy: somebody else is writing, and we are not `patient`.
        """
        with self.reading() as connection:
            if not rows.ended(connection, self.clock()):
                return 0
        with self.writing(patient=patient) as connection:
            gone = rows.expire(connection, self.clock())
            self.changed(connection, "store", "expire", count=gone)
        return gone

    def record(self) -> bool:
        """Writes the audit lines that wait."""
        if self._seen:
            with self.writing():
                pass
        return True

    def scrub(self) -> bool:
        """Removes from all bytes what was deleted; False where a reader holds the old state or more was deleted."""
        with self.reading() as connection:
            deletions = setting(connection, "unclean")
            alive = rows.since(connection) if deletions else {}
        if not deletions:
            return True
        if not answers.settle(self.path, alive):
            return False

        def before(connection: Connection) -> None:
            connection.execute("INSERT INTO word (word) VALUES ('optimize')")
            vectors.sweep(connection, self.path)

        if not self._database.scrub(before, wait=100):
            return False
        with self.writing() as connection:
            connection.execute("DELETE FROM meta WHERE name = 'unclean' AND value = ?", (deletions,))
            return not setting(connection, "unclean")

    def matrix(self, connection: Connection, encoder: Encoder) -> tuple[list[int], NDArray[np.float32]]:
        """(n of each row, (P, d) vectors), kept in memory until vectors come or go."""

        def read() -> tuple[list[int], NDArray[np.float32]]:
            there = vectors.shelf(connection, encoder, self.path)
            return vectors.read(connection, there) if there else ([], encoder.encode(()))

        return self.kept("matrix", (vectors.identity(encoder), vectors.stamp(connection)), read)

    def embed(self, encoder: Encoder, most: int, *, patient: bool = True) -> int:
        """Makes up to `most` missing vectors, newest records first; gives how many were made.

        Raises:
            Busy: somebody else is writing, and we are not `patient`.
        """
        from idiolect.retrieval.protocol import searched

        with self.reading() as connection:
            state = vectors.state(connection, encoder)
            if self.kept("whole", state, lambda: not vectors.waiting(connection, encoder, self.path, 1)):
                return 0
            numbers = vectors.waiting(connection, encoder, self.path, most)
            found = rows.at(connection, numbers).items()
        parts = [(n, piece) for n, row in found for piece in pieces(searched(row.record)) or [""]]  # blank ones too
        if not parts:
            return 0
        made = encoder.encode([piece for _, piece in parts])  # outside any transaction: a model is slow
        with self.writing(patient=patient) as connection:
            whole = vectors.write(connection, encoder, self.path, [n for n, _ in parts], made)
        if whole:  # nothing names the old ones any more
            with self.writing() as connection:
                vectors.sweep(connection, self.path)
        return len(found)

    def wanted(self, user: str) -> tuple[int, residue.Traces]:
        """(current records, what to look for of all that lies here and of his id), for the search once it is gone."""
        with self.reading() as connection:
            current = value(connection, "SELECT count(*) FROM record WHERE replaced IS NULL")
            return current, traces.of(connection, self.path, user)

    def sound(self) -> bool:
        """Whether tables and index are as they should be."""
        return self._database.sound()

    def close(self) -> None:
        """Writes what waits, scrubs what was deleted, and lets go of the files."""
        for waiting, work in ((self._recorder, self.record), (self._cleaner, self.scrub)):
            if waiting.cancel() and self.path.is_dir():
                try:
                    work()
                except StoreError:
                    continue  # noted in the database: the next to open it does it
        self._database.close()

    def _ready(self) -> None:
        with self._database.reading() as connection:
            fresh, unclean = not setting(connection, "terms"), setting(connection, "unclean")
            old = setting(connection, "terms") != VERSION
        if old:  # done again after a loss of power, unless something came after it
            with self._database.writing(durable=False) as connection:
                rows.reindex(connection)
                if fresh:
                    insertion = "INSERT OR IGNORE INTO consent VALUES (?)"
                    connection.executemany(insertion, [(purpose,) for purpose in sorted(self._policy.consents)])
                    if not self._policy.remember:
                        connection.execute("INSERT OR IGNORE INTO meta VALUES ('remember', 0)")
        if unclean:
            self._cleaner.soon()


def used(path: Path) -> bool:
    """Whether a folder is a unit in which something is kept; what cannot be read counts as such."""
    if not (path / FILE).is_file():
        return False
    try:
        connection = connect(path / FILE)
    except apsw.Error:
        return True
    try:
        return value(connection, "SELECT 1 FROM record LIMIT 1") is not None
    except apsw.Error as error:
        return not isinstance(error, apsw.SQLError)  # it has no tables yet
    finally:
        shut(connection)


def setting(connection: Connection, name: str) -> object:
    """A note of the unit about itself; None where there is none."""
    found: object = value(connection, "SELECT value FROM meta WHERE name = ?", name)
    return found
