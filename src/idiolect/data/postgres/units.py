"""The store over PostgreSQL, with units: what the handle works on (`working`)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from idiolect.data.postgres.store import PostgresStore
from idiolect.data.postgres.working import Working
from idiolect.data.sqlite.store import MOST_OPEN
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

    def key(self, user: str) -> str | None:
        """The random name of his unit; None for a stranger."""
        with self.reading(user) as (_, unit):
            return unit or None

    @contextmanager
    def unit(self, user: str, *, make: bool = False) -> Iterator[Working | None]:
        """His copy, kept open meanwhile; None for a stranger, unless one is to be made."""
        key = self.key(user)
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
            yield unit
        finally:
            with self._lock:
                unit.users -= 1

    def erase(self, user: str) -> int:
        """As the store's; the copy goes too."""
        key, gone = self.key(user), super().erase(user)
        with self._lock:
            if key is not None and (unit := self._open.pop(key, None)) is not None:
                unit.close()
        return gone

    def close(self) -> None:
        """Writes what waits and ends all connections."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()
        super().close()
