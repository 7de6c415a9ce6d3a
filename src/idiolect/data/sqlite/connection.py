"""One SQLite database: many readers, one writer, migrations, and deletion that reaches the bytes.

    journal WAL      readers never wait for the writer, nor he for them
    synchronous FULL a commit that returned is on the disk
    secure_delete    freed bytes become zeros

`secure_delete` alone leaves copies behind: a page that was split keeps what moved out of it, and FTS5's index of pages
keeps words as boundaries. `Database.scrub` therefore merges the index, rebuilds the file and empties the log.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any

from idiolect.core.errors import BadInput, IdiolectError, MissingExtra, StoreError
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.schema import PAGE, migrate

try:
    import apsw
except ImportError as error:
    raise MissingExtra("apsw", "store") from error

if TYPE_CHECKING:
    from collections.abc import Callable

WAIT = 5000  # milliseconds for another process's writer
MOMENT = 300  # milliseconds that a read which would like to write gives the writer
SIDES = ("-wal", "-shm", "-journal")
PRAGMAS = (
    f"page_size={PAGE}",
    "wal_autocheckpoint=4000",
    "synchronous=FULL",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "trusted_schema=OFF",
    "cell_size_check=ON",
)
AGAIN = "Do it again; if it stays so, run `idiolect doctor`."


class Busy(StoreError):
    """Somebody else is writing."""


class Damaged(StoreError):
    """A file that is none of ours any more, or a folder that is gone: nothing can be read of it."""


Connection = apsw.Connection


class Database:
    """A file, opened. `steps` are its migrations; `user_version` counts those that were made."""

    def __init__(self, path: Path, steps: Sequence[str], *, vfs: str | None = None) -> None:
        self.path, self._vfs, self._process = path, vfs, os.getpid()
        self._idle: list[Connection] = []
        self._pool, self._alone = Lock(), RLock()
        self._closed = False
        for side in ("", *SIDES):
            if not side or os.path.lexists(f"{path}{side}"):
                folder.file(Path(f"{path}{side}"))
        with reported(path):
            self._writer = connect(path, vfs)
            try:
                migrate(self._writer, steps, path)
            except BaseException:
                shut(self._writer)
                raise

    def reading(self) -> Reading:
        """A connection that sees one moment and cannot write; give it back soon."""
        return Reading(self)

    def first(self, query: str, *given: Any) -> Any:
        """What `value` gives, of one query that needs no moment in common with another."""
        with reported(self.path):
            connection = self.lend()
            try:
                return value(connection, query, *given)
            finally:
                self.take_back(connection)

    @contextmanager
    def writing(self, *, patient: bool = True, durable: bool = True) -> Iterator[Connection]:
        """The one writer, in a transaction: all of it or nothing, on the disk when this returns.

        Args:
            patient: waits for who else is writing as long as it takes, or 5 seconds for another process; else for a
                moment, so that a read is not held up.
            durable: False for what is acknowledged only with a later durable change: until that one, or a checkpoint, a
                loss of power can take it back whole; the death of this process cannot.

        Raises:
            Busy: somebody else is writing.
        """
        with reported(self.path), self._turn(patient):
            self._check()
            if not durable:
                self._writer.execute("PRAGMA synchronous=NORMAL")
            try:
                self._begin(patient)
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise
            finally:
                if not durable:
                    self._writer.execute("PRAGMA synchronous=FULL")

    def scrub(self, before: Callable[[Connection], None] | None = None, wait: int = WAIT) -> bool:
        """Rebuilds the file without what was deleted; False where others' reads did not let the log be emptied.

        Args:
            before: what is to be merged first, in a transaction of its own.
            wait: milliseconds.
        """
        with reported(self.path), self._alone:
            self._check()
            if before is not None:
                with self.writing() as connection:
                    before(connection)
            self._writer.set_busy_timeout(wait)
            try:
                self._writer.execute("VACUUM")
                self._writer.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except apsw.BusyError:
                return False
            finally:
                self._writer.set_busy_timeout(WAIT)
        return True

    def sound(self) -> bool:
        """SQLite's own check of tables and indexes, on a connection that has nothing of them in memory."""
        with reported(self.path):
            connection = connect(self.path, self._vfs)
            try:
                return bool(value(connection, "PRAGMA integrity_check") == "ok")
            finally:
                shut(connection)

    def close(self) -> None:
        """Ends all connections; the last to a file empties its log."""
        with self._alone, self._pool:
            self._closed = True
            gone = not self.path.exists()
            for connection in (*self._idle, self._writer):
                if os.getpid() == self._process:
                    if gone:  # what waits in the log of an erased file is nobody's
                        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
                    shut(connection)
            self._idle.clear()

    @contextmanager
    def _turn(self, patient: bool) -> Iterator[None]:
        if not self._alone.acquire(timeout=-1 if patient else MOMENT / 1000):
            raise Busy(self.path, "another thread is writing", AGAIN)
        try:
            yield
        finally:
            self._alone.release()

    def _begin(self, patient: bool) -> None:
        if patient:
            return begin(self._writer)
        self._writer.set_busy_timeout(MOMENT)
        try:
            return begin(self._writer)
        finally:
            self._writer.set_busy_timeout(WAIT)

    def lend(self) -> Connection:
        """A connection that cannot write, until it is taken back."""
        self._check()
        with self._pool:
            if self._idle:
                return self._idle.pop()
        connection = connect(self.path, self._vfs)
        connection.execute("PRAGMA query_only=ON")
        return connection

    def take_back(self, connection: Connection) -> None:
        """Ends what it was doing; the next who reads has it."""
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        with self._pool:
            if self._closed:
                shut(connection)
            else:
                self._idle.append(connection)

    def _check(self) -> None:
        if os.getpid() != self._process:
            raise StoreError(
                self.path, "opened before this process was forked", "Open the space again in each process."
            )
        if self._closed:
            raise StoreError(self.path, "closed", "Open the space again.")


class Reading:
    """One moment of a database. A class, as `reported` is: they stand around every read, and generators cost more."""

    __slots__ = ("_connection", "_database")

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Connection:
        with reported(self._database.path):
            self._connection = self._database.lend()
            try:
                self._connection.execute("BEGIN")
            except BaseException:
                self._database.take_back(self._connection)
                raise
        return self._connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        with reported(self._database.path):
            self._database.take_back(self._connection)
        if error is not None:
            report(self._database.path, error)


def connect(path: Path, vfs: str | None = None) -> Connection:
    """A connection with our settings; a symbolic link anywhere on the way is refused."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_NOFOLLOW
    connection = Connection(str(path), flags=flags, vfs=vfs)
    connection.set_busy_timeout(WAIT)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def shut(connection: Connection) -> None:
    """Closes it. The last one to a file also tidies its log; what a failing disk leaves, the next start does."""
    with suppress(apsw.Error):
        connection.close()


def value(connection: Connection, query: str, *given: Any) -> Any:
    """The first column of the first row; None where there is none."""
    found = connection.execute(query, given).fetchone()
    return None if found is None else found[0]


def values(connection: Connection, query: str, *given: Any) -> list[Any]:
    """The first column of every row."""
    return [found[0] for found in connection.execute(query, given)]


def begin(connection: Connection) -> None:
    """Begins to write, so that nobody else can."""
    connection.execute("BEGIN IMMEDIATE")


class reported:  # noqa: N801 - reads as what it does
    """What SQLite or the system refuses within, as our own error."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is not None:
            report(self._path, error)


def report(path: Path, error: BaseException) -> None:
    """Raises what SQLite or the system refused as our own error; of any other nothing is said."""
    match error:
        case IdiolectError():
            return
        case apsw.CorruptError() | apsw.NotADBError():
            fix = "Restore it from a backup; a user's can also be erased, and he imported again."
            raise Damaged(path, f"damaged ({error})", fix) from error
        case apsw.BusyError():
            raise Busy(path, "another process is writing", AGAIN) from error
        case apsw.Error():
            raise StoreError(path, f"{type(error).__name__}: {error}", AGAIN) from error
        case UnicodeEncodeError():
            fix = "Give text that was decoded with its own encoding."
            raise BadInput("a text that was given", "it holds half a character (a lone surrogate)", fix) from None
        case OSError():
            raise folder.refused(path, error) from error
