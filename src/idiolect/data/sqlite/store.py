"""The `Store` protocol over a folder: a space of users, each a unit of his own."""

from __future__ import annotations

import time
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from threading import Thread, current_thread

from idiolect.core.errors import ConsentError, StoreError
from idiolect.core.types import Record
from idiolect.data import policy
from idiolect.data.sqlite import folder, residue, rows
from idiolect.data.sqlite.catalogue import Catalogue, Receipt
from idiolect.data.sqlite.connection import Damaged, values
from idiolect.data.sqlite.later import Sweeper
from idiolect.data.sqlite.unit import Unit, setting, used
from idiolect.data.sqlite.units import Units
from idiolect.data.store import append_only, named


class SQLiteStore(Units):
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
        self.home, self.space = folder.home(home), space
        place = folder.space(self.home, space)
        stated = place / policy.FILE
        super().__init__(place, policy.read(folder.file(stated) if stated.exists() else stated), clock, vfs)
        self._searches: list[Thread] = []
        self._finalizer = weakref.finalize(self, _close, self._open, self._searches, self._catalogue, self._sweeper)
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
                found = tuple(row.record for row in rows.current(connection) if row.lasts(self.clock))
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

    def erasing(self, user: str, *, wait: bool = True, also: Callable[[], object] = lambda: None) -> Receipt:
        """Erases a user: out of every read and off the disk when this returns.

        Args:
            wait: also for the search for residue outside his folder; else it runs behind, and closes the receipt.
            also: what else goes, before that search.
        """
        nobody = Receipt(unit="", began=self.clock(), records=0, removed=self.clock(), closed=self.clock(), residue=0)
        records, sought, size = 0, b"", 0
        try:
            with self.unit(user) as unit:
                if unit is None:
                    return nobody
                records, wanted = unit.wanted(user)
                sought, size = residue.marks(self._his(user, wanted)), folder.size(unit.path)
        except Damaged:  # what cannot be read can still go
            self._drop(user)
        receipt = self._catalogue.release(user, records, size, sought)
        if receipt is None:  # another process was faster
            return nobody
        try:
            self._remove(receipt.unit)
        finally:
            self._drop(user)  # afterwards: nothing is written any more to a folder that is gone
        also()
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
        found = residue.search(residue.outside_units(self.home, self.space), sought)
        if found.places:
            others = residue.search(residue.inside_units(self.home), residue.usual(sought, found.places))
            found = found.without(others.places)
        self._catalogue.close_receipt(unit, found.searched, len(found.places))
        return found.files

    def _his(self, user: str, wanted: residue.Traces) -> residue.Traces:
        """Without his id where it stands in the list of users as a part of another's."""
        name = user.encode(errors="surrogatepass")
        for other in map(str.encode, self._catalogue.within(user)):
            start = other.find(name)
            while start >= 0:
                if residue.alone(other, start, start + len(name)):
                    return replace(wanted, names=wanted.names - {name}, pieces=wanted.pieces - {name})
                start = other.find(name, start + 1)
        return wanted

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

    def close(self) -> None:
        """Writes what waits and lets go of all files."""
        self._finalizer()

    def _remove(self, key: str) -> None:
        folder.remove(self._path(key))
        self._catalogue.removed(key)

    def _search(self, key: str) -> None:
        try:
            self.search_residue(key)
        except (OSError, StoreError):
            return  # the receipt stays open, and the doctor searches again


def _close(units: OrderedDict[str, Unit], searches: list[Thread], catalogue: Catalogue, sweeper: Sweeper) -> None:
    sweeper.stop()
    while units:
        units.popitem()[1].close()
    for search in searches:  # each closes a receipt
        if search is not current_thread():
            search.join()
    catalogue.close()
