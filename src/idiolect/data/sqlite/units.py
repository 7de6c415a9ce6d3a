"""The units of a space that are open in this process, each once: whoever asks for a user's gets his alone.

What was to be kept until a day is erased by whoever asks for the user first after it, before he sees anything; `sweep`
asks for all whose day it is. The catalogue knows each user's next day, never later than his unit does.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock, local
from typing import Any

from idiolect.core.errors import StoreError
from idiolect.data.policy import Policy
from idiolect.data.sqlite import folder, rows
from idiolect.data.sqlite.catalogue import Catalogue
from idiolect.data.sqlite.connection import Damaged
from idiolect.data.sqlite.later import Sweeper
from idiolect.data.sqlite.unit import FILE, Unit

MOST_OPEN = 64  # units; each holds a few file descriptors


class Mine(local):
    """The units that a thread is at work with, by user."""

    def __init__(self) -> None:
        self.units: dict[str, Unit] = {}


class Units:
    """Users' units by id.

    Args:
        place: the folder of the space.
        policy: what holds for users who have not been asked.
        clock: POSIX seconds.
        vfs: the SQLite file system; the system's own where it is None.
    """

    def __init__(self, place: Path, policy: Policy, clock: Callable[[], float], vfs: str | None) -> None:
        self.folder, self.policy, self.clock, self._vfs = place, policy, clock, vfs
        self.after: Callable[[Any, str], object] | None = None  # called with the store and a user who lost something
        self._lock, self._mine = RLock(), Mine()
        self._open: OrderedDict[str, Unit] = OrderedDict()
        self._catalogue = Catalogue(folder.file(place / "catalogue.db"), clock=clock, vfs=vfs)
        self._sweeper = Sweeper(self)
        self._sweeper.soon()

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
        try:
            if again is None:
                mine[user] = unit
                if unit.ends is not None and unit.ends <= self.clock():
                    self._end(user, unit, patient=make)
            yield unit
        finally:
            if again is None:
                mine.pop(user, None)
            self._give(user, unit)

    def ending(self, user: str, when: float | None) -> None:
        """Notes that something of him is to be erased (POSIX seconds); called while his unit is written, so that the
        catalogue knows it first."""
        if when is not None:
            self._catalogue.ending(user, when, sooner=True)

    def sweep(self) -> None:
        """Erases of everybody what was to be kept until now."""
        for user in self._catalogue.due(self.clock()):
            with suppress(StoreError), self.unit(user):  # what cannot be done now, the next sweep does
                continue

    def _end(self, user: str, unit: Unit, *, patient: bool) -> None:
        """Erases what is over, and what was learnt from it. Where that fails, or somebody else is writing, reads leave
        it out all the same, and whoever comes next tries again: the day is taken from the catalogue at the end."""
        with suppress(StoreError):
            unit.expire(patient=patient)
            if self.after is not None:
                self.after(self, user)
            with unit.writing(patient=patient) as connection:  # nobody adds something meanwhile
                self._catalogue.ending(user, rows.ends(connection))

    def _again(self, user: str, unit: Unit | None) -> Unit | None:
        """The unit that this thread has of him, unless he was erased meanwhile."""
        with self._lock:
            if unit is None or self._open.get(user) is not unit:
                return None
            unit.users += 1
            return unit

    def _take(self, user: str, make: bool) -> Unit | None:
        while True:
            key, ends = self._catalogue.entry(user)
            with self._lock:
                if user in self._open and self._open[user].name != key:  # another process erased him
                    self._drop(user)
                if key is None and not make:
                    return None
                unit = self._made(user) if key is None else self._opened(user, key)
                if unit is not None:
                    unit.users += 1
                    unit.ends = ends
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

    def _path(self, key: str) -> Path:
        return self.folder / "users" / key[:2] / key
