"""Letting a user go: his folder and entry at once, what others or everybody learnt from him with it, and the receipt.

States of trainings that were cut off go whole, as they are of many users at once (`derived.unfinished`).

A receipt is open until his folder is gone, the rest of the home was searched for residue, and no artifact in service
has him among its sources.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import apsw

from idiolect.data.sqlite.catalogue import Receipt
from idiolect.data.sqlite.connection import connect, reported, shut
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import keys
from idiolect.governance.derived import settle_units, unfinished
from idiolect.governance.lineage import FILE, Ledger

KEYS = "keys.db"  # of the service: who may come in


@dataclass(frozen=True, kw_only=True)
class Erasure(Receipt):
    """A receipt, with how many shared artifacts that learnt from him are still in service.

    Args:
        whole: he himself went; on a server there are receipts of single records too.
    """

    shared: int = 0
    whole: bool = True

    @property
    def status(self) -> str:
        """ "closed" once everything is gone and nothing of it was found elsewhere, else "open"."""
        return "open" if self.shared or self.closed is None or self.residue else "closed"


def erase(store: SQLiteStore, user: str, *, strict: bool = False, wait: bool = True) -> Erasure:
    """Erases a user; everything of him alone is gone when this returns, and so is what others' models took from him.

    Args:
        strict: shared artifacts that learnt from him go out of service at once; else they serve until they were learnt
            again (`governance.derived.relearn`), and the receipt stays open until then.
        wait: also for the search for residue outside his folder; else it runs behind.
    """
    if store.key(user) is not None:
        unfinished(store)  # first: who was not erased yet can be erased again after a kill
        unbind(store, user)
    receipt = store.erasing(user, wait=wait, also=lambda: finish(store, strict=strict))
    return _with_shared(store, [receipt])[0]


def finish(store: SQLiteStore, *, strict: bool = False) -> None:
    """Takes everybody who was erased out of what was learnt; whatever a killed process left of it is done now."""
    gone = {receipt.unit for receipt in store.receipts()}
    keys.bury(store.folder, gone)
    if (store.folder / FILE).exists():
        with Ledger(store.folder, clock=store.clock) as ledger:
            settle_units(store, ledger, gone & ledger.units(), {}, strict=strict)


def unbind(store: SQLiteStore, user: str) -> None:
    """Takes the service's keys that are bound to a user out of its list, and out of its bytes."""
    path = store.home / KEYS
    if not path.exists():
        return
    with reported(path):
        connection = connect(path)
        try:
            connection.execute("DELETE FROM key WHERE space = ? AND user = ?", (store.space, user))
            if connection.changes():
                connection.execute("VACUUM")
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.SQLError:  # nothing was written there yet
            return
        finally:
            shut(connection)


def receipts(store: SQLiteStore) -> tuple[Erasure, ...]:
    """Everybody who was erased, oldest first."""
    return _with_shared(store, store.receipts())


def _with_shared(store: SQLiteStore, found: tuple[Receipt, ...] | list[Receipt]) -> tuple[Erasure, ...]:
    shared: dict[str, int] = {}
    if (store.folder / FILE).exists():
        with Ledger(store.folder, clock=store.clock) as ledger:
            shared = {receipt.unit: len(ledger.artifacts(receipt.unit)) for receipt in found}
    plain = [{f.name: getattr(receipt, f.name) for f in fields(Receipt)} for receipt in found]
    return tuple(Erasure(**values, shared=shared.get(values["unit"], 0)) for values in plain)
