"""What `idiolect doctor` says of consent, erasure and backups."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from idiolect.data.policy import KNOWN, Policy
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import keys
from idiolect.governance.derived import reopened, settle
from idiolect.governance.erasure import finish, receipts


def checks(store: SQLiteStore) -> Iterator[dict[str, Any]]:
    """{"check", "ok", "detail"} of each; what a killed process left of a withdrawal or an erasure is done first."""
    finish(store)
    settle(store)
    yield {"check": "defaults", "ok": True, "detail": defaults(store.policy)}
    again = reopened(store)
    yield _erasures(store)
    what = f"to be learnt again: {', '.join(again)}" if again else "nothing is to be learnt again"
    yield {"check": "learnt", "ok": not again, "detail": what}
    yield {"check": "backup", "ok": True, "detail": _backup(store)}


def _erasures(store: SQLiteStore) -> dict[str, Any]:
    """Whether all receipts are closed; a search that found something, or was cut off by a kill, is done again."""
    places = dict[Path, None]()
    for receipt in store.receipts():
        if receipt.status == "open" and receipt.removed is not None:
            places |= dict.fromkeys(store.search_residue(receipt.unit))
    open_ = [r for r in receipts(store) if r.status == "open"]
    detail = f"{len(open_)} receipts are open" if open_ else "all are closed"
    if places:
        detail += f": who was erased stands in {', '.join(map(str, places))}; take it out there and run this again"
    elif open_ and all(r.shared for r in open_):
        detail += ": what learnt from them is to be learnt again"
    return {"check": "erasures", "ok": not open_, "detail": detail}


def defaults(policy: Policy) -> str:
    """What holds for who was not asked, in a line: "remember on, assist on, train off, ..."."""
    on = policy.consents | ({"remember"} if policy.remember else set())
    shown = [f"{name} {'on' if name in on else 'off'}" for name in KNOWN]
    return ", ".join([*shown, f"{len(policy.trusted)} trusted upstreams"])


def _backup(store: SQLiteStore) -> str:
    path = store.folder / keys.FILE
    if not path.exists():
        return "none was made"
    found = keys.read(path)
    return f"key file {found.serial}: {len(found.units)} users, {len(found.tombstones)} tombstones"
