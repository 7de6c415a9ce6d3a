"""The `Store` protocol over a folder: a space of users, each a unit of his own."""

from __future__ import annotations

import secrets
import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock, Thread, current_thread, local

from idiolect.core.errors import ConsentError, StoreError
from idiolect.core.types import Record
from idiolect.data import policy
from idiolect.data.sqlite import folder, residue, rows
from idiolect.data.sqlite.catalogue import Catalogue, Receipt
from idiolect.data.sqlite.connection import Damaged, values
from idiolect.data.sqlite.unit import FILE, Unit, setting, used
from idiolect.data.store import append_only, named

MOST_OPEN = 64  # units; each holds a few file descriptors


class Mine(local):
    """The units that a thread is at work with, by user."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}


class SQLiteStore:
    """Records by user under ``<home>/spaces/<space>``; any number of processes and threads may have it open.

    Args:
        home: None stands for `IDIOLECT_HOME`, else ``~/.idiolect``.
        clock: POSIX seconds.
        vfs: the SQLite file system through which databases are opened; the system's own where it is None.

    Raises:
        BadInput: a home or space that cannot be one.
        StoreError: it was written by a newer version, or the system refuses.
    """

    def __init__(
        self,
        home: str | Path | None = None,
        space: str = "default",
        *,
        clock: Callable[[], float] = time.time,
        vfs: str | None = None,
    ) -> None:
        self.home = folder.home(home)
        self.folder = folder.space(self.home, space)
        self.space, self.clock, self._vfs = space, clock, vfs
        stated = self.folder / policy.FILE
        self.policy = policy.read(folder.file(stated) if stated.exists() else stated)
        self._lock, self._mine = RLock(), Mine()
        self._open: OrderedDict[str, Unit] = OrderedDict()
        path = folder.file(self.folder / "catalogue.db")
        self._catalogue = Catalogue(path, clock=clock, vfs=vfs)
        self._searches: list[Thread] = []
        self._finalizer = weakref.finalize(self, _close, self._open, self._searches, self._catalogue)
        for receipt in self._catalogue.receipts():
            if receipt.removed is None:  # a process died while erasing
                self._remove(receipt.unit)

    def append(self, user: str, records: Iterable[Record]) -> None:
        """Adds records at the end; all of them or none, on the disk when this returns.

        Raises:
            BadInput: an empty user name, or an id that another record of his has.
            ConsentError: he does not want to be remembered.
        """
        given = tuple(append_only({}, named(user), records).values())
        with self.unit(user, make=True) as unit:
            assert unit is not None
            with unit.writing() as connection:
                if setting(connection, "remember") == 0:
                    raise ConsentError(f"user {user!r} does not want to be remembered. Ask him, then switch it on.")
                added = rows.append(connection, user, given)
                unit.changed(connection, "store", "append", count=len(added))

    def records(self, user: str, *, purpose: str = "") -> tuple[Record, ...]:
        """All of a user's records in the order they came, as last corrected; empty for a stranger."""
        with self.unit(user) as unit:
            if unit is None:
                return ()
            with unit.reading() as connection:
                found = tuple(row.record for row in rows.current(connection))
            unit.note("store", "records", purpose=purpose, count=len(found))
            return found

    def users(self) -> tuple[str, ...]:
        """Everybody who has records or consents, in the order they came."""
        return self._catalogue.users()

    def key(self, user: str) -> str | None:
        """The random name of his folder; None for a stranger."""
        return self._catalogue.key(user)

    def erase(self, user: str) -> int:
        """Removes a user and all that he said; returns the number of records that went."""
        return self.erasing(user).records

    def consents(self, user: str) -> frozenset[str]:
        """What he allows; a stranger allows what a new user does."""
        with self.unit(user) as unit:
            if unit is None:
                return self.policy.consents
            with unit.reading() as connection:
                return frozenset(values(connection, "SELECT purpose FROM consent"))

    def consent(self, user: str, *purposes: str) -> None:
        """Replaces what he allows; without purposes he allows nothing."""
        given = policy.checked(purposes)
        with self.unit(named(user), make=True) as unit:
            assert unit is not None
            with unit.writing() as connection:
                connection.execute("DELETE FROM consent")
                connection.executemany("INSERT INTO consent VALUES (?)", [(purpose,) for purpose in given])
                unit.changed(connection, "store", "consent", count=len(given))

    def erasing(self, user: str, *, wait: bool = True) -> Receipt:
        """Erases a user: out of every read and off the disk when this returns.

        Args:
            wait: also for the search for residue outside his folder; else it runs behind, and closes the receipt.
        """
        nobody = Receipt(unit="", began=self.clock(), records=0, removed=self.clock(), closed=self.clock(), residue=0)
        records, wanted, size = 0, set[bytes](), 0
        try:
            with self.unit(user) as unit:
                if unit is None:
                    return nobody
                records, wanted = unit.wanted()
                size = folder.size(unit.path)
        except Damaged:  # what cannot be read can still go
            self._drop(user)
        receipt = self._catalogue.release(user, records, size, residue.marks(wanted))
        if receipt is None:  # another process was faster
            return nobody
        self._drop(user)
        self._remove(receipt.unit)
        search = Thread(target=self._search, args=(receipt.unit,), name="residue")
        search.start()
        self._searches[:] = [*(one for one in self._searches if one.is_alive()), search]
        if wait:
            search.join()
        return next(r for r in self._catalogue.receipts() if r.unit == receipt.unit)

    def search_residue(self, unit: str) -> list[Path]:
        """Looks in this home for what is left of an erased unit; gives the files that hold some of it.

        The receipt closes where there are none, and where a version that noted no hashes left it open.
        """
        sought = self._catalogue.sought(unit)
        if sought is None:
            self._catalogue.close_receipt(unit, 0, None)
            return []
        searched, found, places = residue.search(residue.outside_units(self.home), sought)
        self._catalogue.close_receipt(unit, searched, found)
        return places

    def receipts(self) -> tuple[Receipt, ...]:
        """What was erased, oldest first."""
        return self._catalogue.receipts()

    def strays(self) -> tuple[Path, ...]:
        """What a process that died left, an hour old at least: folders of nobody, and workplaces of backups."""
        gone = {f".{receipt.unit}" for receipt in self._catalogue.receipts()}
        empty = {path for path in self._nobodys() if path.name in gone or not used(path)}
        found = empty.union(self.folder.glob(".work-*"), self.folder.glob("users/*/*/.work-*"))
        return tuple(path for path in sorted(found) if path.lstat().st_mtime < time.time() - 3600)

    def lost(self) -> tuple[Path, ...]:
        """Folders in which something is kept, of whom the catalogue does not say."""
        return tuple(path for path in self._nobodys() if used(path))

    def _nobodys(self) -> list[Path]:
        known = self._catalogue.keys()
        return [path for path in sorted((self.folder / "users").glob("*/*")) if path.name not in known]

    @contextmanager
    def unit(self, user: str, *, make: bool = False) -> Iterator[Unit | None]:
        """His unit, kept open meanwhile; None for a stranger, unless one is to be made.

        Whose it is, is asked in the catalogue once: what the same thread does meanwhile gets the same unit again.
        """
        mine = self._mine.units
        again = self._again(user, mine.get(user))
        unit = again or self._take(user, make)
        if unit is None:
            yield None
            return
        if again is None:
            mine[user] = unit
        try:
            yield unit
        finally:
            if again is None:
                mine.pop(user, None)
            self._give(user, unit)

    def close(self) -> None:
        """Writes what waits and lets go of all files."""
        self._finalizer()

    def _again(self, user: str, unit: Unit | None) -> Unit | None:
        """The unit that this thread has of him, unless he was erased meanwhile."""
        with self._lock:
            if unit is None or self._open.get(user) is not unit:
                return None
            unit.users += 1
            return unit

    def _take(self, user: str, make: bool) -> Unit | None:
        while True:
            key = self._catalogue.key(user)
            with self._lock:
                if user in self._open and self._open[user].name != key:  # another process erased him
                    self._drop(user)
                if key is None and not make:
                    return None
                unit = self._made(user) if key is None else self._opened(user, key)
                if unit is not None:
                    unit.users += 1
                    return unit

    def _opened(self, user: str, key: str) -> Unit | None:
        """The open unit of a key; None where it went meanwhile."""
        if user not in self._open:
            path = self._path(key)
            try:
                if not (path / FILE).exists():
                    raise Damaged(path, "the user's folder is gone", "Restore it, or erase the user.")
                self._open[user] = Unit(path, clock=self.clock, vfs=self._vfs)
            except StoreError:
                if self._catalogue.key(user) == key:
                    raise
                return None
        self._open.move_to_end(user)
        if len(self._open) > MOST_OPEN:
            idle = [other for other, unit in self._open.items() if not unit.users and other != user]
            for other in idle[: len(self._open) - MOST_OPEN]:
                self._drop(other)
        return self._open[user]

    def _made(self, user: str) -> Unit | None:
        """A new unit, entered in the catalogue; None where another process was faster."""
        path = self._path(secrets.token_hex(16))
        unit = Unit.make(path, clock=self.clock, vfs=self._vfs, policy=self.policy)
        try:
            won = self._catalogue.claim(user, path.name)
        except BaseException:
            unit.close()
            raise
        if not won:
            unit.close()
            folder.remove(path)
            return None
        self._open[user] = unit
        return self._opened(user, path.name)

    def _give(self, user: str, unit: Unit) -> None:
        with self._lock:
            unit.users -= 1
            if not unit.users and self._open.get(user) is not unit:
                unit.close()

    def _drop(self, user: str) -> None:
        """Lets go of an open unit: at once, or when the last who works with it is done."""
        with self._lock:
            unit = self._open.pop(user, None)
            if unit is not None and not unit.users:
                unit.close()

    def _remove(self, key: str) -> None:
        folder.remove(self._path(key))
        self._catalogue.removed(key)

    def _search(self, key: str) -> None:
        try:
            self.search_residue(key)
        except (OSError, StoreError):
            return  # the receipt stays open, and the doctor searches again

    def _path(self, key: str) -> Path:
        return self.folder / "users" / key[:2] / key


def _close(units: OrderedDict[str, Unit], searches: list[Thread], catalogue: Catalogue) -> None:
    while units:
        units.popitem()[1].close()
    for search in searches:  # each closes a receipt
        if search is not current_thread():
            search.join()
    catalogue.close()
