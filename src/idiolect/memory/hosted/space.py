"""A space on a PostgreSQL server: users behind the same handle as on disk.

What methods learnt for somebody is not kept on the server, so that nothing has to be dropped or reopened there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from idiolect.data.postgres.schema import STEPS
from idiolect.data.postgres.store import Receipt
from idiolect.data.postgres.units import WorkingStore
from idiolect.data.store import named
from idiolect.governance.erasure import Erasure
from idiolect.governance.state import defaults
from idiolect.memory.hosted import carrying
from idiolect.memory.portable import Tell, untold
from idiolect.memory.results import iso
from idiolect.memory.space import Space, extras, queue
from idiolect.memory.user import User

if TYPE_CHECKING:
    from idiolect.data.sqlite.store import SQLiteStore
    from idiolect.retrieval.protocol import Encoder


def open(
    url: str,
    space: str = "default",
    *,
    encoder: Encoder | None = None,
    actor: str = "library",
    clock: Callable[[], float] = time.time,
) -> HostedSpace:
    """Opens a space on a server.

    Args:
        url: of the database, as the application's role (`data.postgres.schema.install` makes both).
        encoder: of sentence vectors; without pgvector on the server words alone are searched.

    Raises:
        MissingExtra: psycopg is not installed.
        StoreError: no server, nothing installed, a newer schema, or a role with too many rights.
    """
    return HostedSpace(WorkingStore(url, space, clock=clock), encoder=encoder, actor=actor)


class HostedUser(User):
    """What `HostedSpace.user(id)` gives."""

    def __init__(self, store: WorkingStore, id: str, *, encoder: Encoder | None, actor: str) -> None:
        super().__init__(cast("SQLiteStore", store), id, encoder=encoder, actor=actor)  # it has the same units
        self._server = store

    def consent(self, *purposes: str) -> None:
        """Replaces what he allows."""
        self._server.consent(self.id, *purposes)

    def audit(self) -> list[dict[str, Any]]:
        """Who read or changed what, when and for which purpose, oldest first; without content."""
        with self._server.unit(self.id) as unit:
            if unit is None:
                return []
            unit.record()
        return [{**line, "time": iso(line["time"])} for line in self._server.audit(self.id)]

    def export(self, folder: str | Path, tell: Tell = untold) -> int:
        """Writes all of him into a folder that `import_` reads; gives the number of versions of records."""
        with self._server.unit(self.id) as unit:
            if unit is not None:
                unit.record()  # the trail goes with him
        return carrying.carry(self._server, self.id, Path(folder), actor=self._actor, tell=tell)

    def import_(self, folder: str | Path, tell: Tell = untold) -> int:
        """Reads what `export` wrote, but for what methods learnt; gives how many versions are new.

        Raises:
            BadInput: a folder that is damaged, or an id that another record of his has.
            ConsentError: he does not want to be remembered.
        """
        return carrying.bring(self._server, self.id, Path(folder), actor=self._actor, tell=tell)

    def erase(self, *, strict: bool = False, wait: bool = True) -> Erasure:
        """Erases him, out of every row when this returns; the receipt is open until `purge` took the bytes too."""
        unit, now = self._server.key(self.id), self._server.clock()
        self._server.erase(self.id)
        found = [_shown(receipt) for receipt in self._server.receipts() if receipt.unit == unit and receipt.whole]
        return found[0] if found else Erasure(unit="", began=now, records=0, removed=now, closed=now, residue=0)

    def _settle(self) -> None:
        """Nothing that was learnt lies there."""


class HostedSpace(Space):
    """Users by id, on a server."""

    def __init__(self, store: WorkingStore, *, encoder: Encoder | None, actor: str) -> None:
        super().__init__(cast("SQLiteStore", store), encoder=encoder if store.vectors else None, actor=actor)
        self._server = store

    def user(self, id: str) -> HostedUser:
        """The only way to anyone's data.

        Raises:
            BadInput: an empty id, one of more than 1024 characters, or with half a character.
        """
        user = HostedUser(self._server, named(id), encoder=self.encoder, actor=self.actor)
        user.answers = self.answers
        return user

    def receipts(self) -> tuple[Erasure, ...]:
        """What was erased, users and single records (`whole` tells which), oldest first."""
        return tuple(_shown(receipt) for receipt in self._server.receipts())

    def doctor(self) -> Iterator[dict[str, Any]]:
        """Checks of what is there: {"check", "ok", "detail"}, one after another."""
        yield {"check": "server", "ok": True, "detail": f"space {self._server.space}, format {len(STEPS)}"}
        where = type(self.encoder).__name__ if self.encoder else "none: search by words alone"
        yield {"check": "encoder", "ok": True, "detail": where}
        yield {"check": "defaults", "ok": True, "detail": defaults(self._server.policy)}
        self._server.sweep()
        waiting = sum(receipt.status == "open" for receipt in self._server.receipts())
        how = "run `idiolect doctor --database ... --purge ...`"
        detail = f"{waiting} are open, what was erased is in the server's files: {how}" if waiting else "all are closed"
        yield {"check": "receipts", "ok": not waiting, "detail": detail}
        yield {"check": "users", "ok": True, "detail": str(len(self.users()))}
        yield queue(job for id in self.users() for job in self.user(id).jobs())
        yield extras()


def _shown(receipt: Receipt) -> Erasure:
    return Erasure(
        unit=receipt.unit,
        began=receipt.began,
        records=receipt.records,
        removed=receipt.began,
        closed=receipt.purged,
        residue=None if receipt.purged is None else 0,
        whole=receipt.whole,
    )
