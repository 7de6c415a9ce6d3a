"""The store over PostgreSQL, with units: what the handle works on (`working`)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock
from typing import Any

from idiolect.core.errors import StoreError
from idiolect.core.types import Record
from idiolect.data.postgres.store import PostgresStore
from idiolect.data.postgres.working import Working
from idiolect.data.sqlite.later import Sweeper
from idiolect.data.sqlite.units import MOST_OPEN
from idiolect.data.store import named


class WorkingStore(PostgresStore):
    """As `PostgresStore`, with a copy in memory of each user who is worked with."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self._open: OrderedDict[str, Working] = OrderedDict()
        self._lock = RLock()
        with self.pool.acting(space=self.space) as connection:
            row = connection.execute("SELECT to_regclass('idiolect.vector') IS NOT NULL").fetchone()
        self.vectors = bool(row and row[0])
        self._sweeper = Sweeper(self)
        self._sweeper.soon()

    def key(self, user: str) -> str | None:
        """The random name of his unit; None for a stranger."""
        with self.reading(user) as (_, unit):
            return unit or None

    @contextmanager
    def unit(self, user: str, *, make: bool = False) -> Iterator[Working | None]:
        """His copy, kept open meanwhile; None for a stranger, unless one is to be made."""
        key, ends = self._entry(user)
        if key is None and make:
            with self.writing(named(user), make=True) as (_, key):
                pass
        if key is None:
            yield None
            return
        with self._lock:
            unit = self._open.setdefault(key, Working(self, user))
            self._open.move_to_end(key)
            unit.users += 1
            idle = [other for other, one in self._open.items() if not one.users]
            for other in idle[: max(len(self._open) - MOST_OPEN, 0)]:
                self._open.pop(other).close()
        try:
            if ends is not None and ends <= self.clock():
                with suppress(StoreError):  # reads leave out what is over all the same
                    unit.expire()
            yield unit
        finally:
            with self._lock:
                unit.users -= 1

    def append(self, user: str, records: Iterable[Record]) -> None:
        """As the store's, once what is over has gone."""
        with self.unit(user):
            super().append(user, records)

    def ending(self, user: str, when: float | None) -> None:
        """Nothing is to be noted: the server knows each record's day."""

    def sweep(self) -> None:
        """Erases of everybody what was to be kept until now."""
        due = "SELECT id FROM idiolect.person WHERE space = %s AND ends <= %s ORDER BY ends"
        with self.pool.acting(space=self.space, durable=False) as connection:
            found = connection.execute(due, (self.space, self.clock())).fetchall()
        for (id,) in found:
            with suppress(StoreError), self.unit(bytes(id).decode()):
                continue

    def erase(self, user: str) -> int:
        """As the store's; the copy goes too."""
        key, gone = self.key(user), super().erase(user)
        with self._lock:
            if key is not None and (unit := self._open.pop(key, None)) is not None:
                unit.close()
        return gone

    def close(self) -> None:
        """Writes what waits and ends all connections."""
        self._sweeper.stop()
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()
        super().close()

    def _entry(self, user: str) -> tuple[str | None, float | None]:
        """(his unit, when the first of his records is to be erased); None where there is none."""
        query = "SELECT unit, ends FROM idiolect.person WHERE space = %s AND id = %s"
        with self.pool.acting(space=self.space, durable=False) as connection:
            row = connection.execute(query, (self.space, user.encode(errors="surrogatepass"))).fetchone()
        return (None, None) if row is None else (str(row[0]), row[1])
