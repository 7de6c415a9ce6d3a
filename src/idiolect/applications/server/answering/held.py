"""Users' records, read from the disk only where they changed: most requests come when nothing did."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from idiolect.applications.server.answering.telling import Telling
from idiolect.core.types import Record
from idiolect.data.policy import Policy
from idiolect.data.sqlite import rows
from idiolect.data.sqlite.connection import Connection
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance.view import Destination

USERS = 256  # held in memory at once
STATE = "SELECT count(*), max(n), total(replaced) FROM record"  # rows come, are replaced or go; no n comes again


@dataclass(frozen=True, kw_only=True)
class State:
    """Of one user's rows: which folder, how many, the newest, when others took the place of older ones."""

    folder: Path
    count: int = 0
    newest: int = 0
    replaced: float = 0.0


class Held:
    """A `Store` in front of another; the audit trail notes every read all the same.

    Args:
        upstream: address of who answers; empty: this process. `destination` is what its policy takes that for.
    """

    def __init__(self, store: SQLiteStore, upstream: str = "") -> None:
        self.store = store
        self.destination: Destination = "local" if not upstream or store.policy.local(upstream) else "provider"
        self._held: OrderedDict[str, tuple[State, tuple[Record, ...]]] = OrderedDict()
        self._telling: dict[str, Telling] = {}
        self._lock = Lock()

    @property
    def policy(self) -> Policy:
        return self.store.policy

    def records(self, user: str, *, purpose: str = "") -> tuple[Record, ...]:
        """As the store gives them."""
        with self.store.unit(user) as unit:
            if unit is None:
                self.forget(user)
                return ()
            with self._lock:
                known, found = self._held.pop(user, (State(folder=unit.path), ()))
            if known.folder != unit.path:  # he was erased, and came again
                known, found = State(folder=unit.path), ()
            with unit.reading() as connection:
                state, found = _read(connection, known, found)
            unit.note("store", "records", purpose=purpose, count=len(found))
        with self._lock:
            self._held[user] = (state, found)
            while len(self._held) > USERS:
                self._telling.pop(self._held.popitem(last=False)[0], None)
        return found

    def telling(self, user: str, records: tuple[Record, ...]) -> Telling:
        """Which of a user's records, as a view gave them, may bear on a request."""
        with self._lock:
            known = self._telling.pop(user, Telling())
        found = known.of(records)
        with self._lock:
            if user in self._held:  # else he is gone
                self._telling[user] = found
        return found

    def forget(self, user: str) -> None:
        """Lets go of a user's records."""
        with self._lock:
            self._held.pop(user, None)
            self._telling.pop(user, None)

    def append(self, user: str, records: Iterable[Record]) -> None:
        self.store.append(user, records)

    def users(self) -> tuple[str, ...]:
        return self.store.users()

    def erase(self, user: str) -> int:
        self.forget(user)
        return self.store.erase(user)

    def consents(self, user: str) -> frozenset[str]:
        return self.store.consents(user)

    def consent(self, user: str, *purposes: str) -> None:
        self.store.consent(user, *purposes)


def _read(connection: Connection, known: State, held: tuple[Record, ...]) -> tuple[State, tuple[Record, ...]]:
    """What holds now: what was held and what came since, or all of it where something went or was replaced."""
    count, newest, replaced = connection.execute(STATE).fetchone() or (0, None, 0.0)
    state = State(folder=known.folder, count=int(count), newest=int(newest or 0), replaced=float(replaced))
    if held and known.replaced == state.replaced:
        fresh = rows.after(connection, known.newest)
        if known.count + len(fresh) == state.count:
            return state, (*held, *(row.record for row in fresh))
    return state, tuple(row.record for row in rows.current(connection))
