"""Keeping what was learnt, with its sources; and what becomes of it when a source goes.

    keep(store, "oppu", own, seen, user="ann")                 for one user: <his folder>/own/oppu
    keep(store, "pplug", theta, everybody)                     from everybody: theta/pplug
    keep(store, "counts", count, [ann], part_of="ann")         one user's part of a sum: theta/counts/parts/<unit>

| a source | own | part of a sum | theta |
|---|---|---|---|
| was deleted, or no longer allows it | dropped | dropped: the sum of the rest is exact | reopened: to be learnt again |

What is dropped is off the disk before the call returns. `settle` finds all of this from what holds now, not from what
happened: after a kill it is simply called again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Record, UserData
from idiolect.data import artifacts
from idiolect.data.sqlite import folder, rows
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance.lineage import FILE, Ledger, Sources, hashes
from idiolect.governance.view import Purpose, population

NAME = re.compile(r"[a-z0-9][a-z0-9+_-]{0,63}")  # of what was learnt: "oppu", "ipa+oppu"
THETA, PARTS, TRAINING = "theta", "parts", "training"
KEPT = ("assist",)  # withdrawing it erases nothing: what was made for it rests until it is allowed again


@dataclass(frozen=True, kw_only=True)
class Settled:
    """What a withdrawal reached: paths within the space of what was dropped, and of what must be learnt again."""

    dropped: tuple[str, ...] = ()
    reopened: tuple[str, ...] = ()


def keep(
    store: SQLiteStore,
    name: str,
    value: object,
    seen: Sequence[UserData],
    *,
    user: str | None = None,
    part_of: str | None = None,
    purpose: Purpose = "train",
    theta: object = None,
) -> Path:
    """Writes what was learnt, and from which records.

    Args:
        seen: the `UserData` that it was learnt from; their lineage is noted, neighbours included.
        user: for whom it was learnt; from everybody where both are left out.
        part_of: whose part of an additive theta it is.
        purpose: what the sources must go on allowing.
        theta: as in `artifacts.save`.

    Raises:
        BadInput: a name that is no plain word, a user without a folder, or erased meanwhile, a value that cannot be
            saved.
    """
    path = _path(store, name, user, part_of)
    whose = user if user is not None else part_of
    owner = "" if whose is None else _unit(store, whose)
    sources = _sources(store, seen)
    with Ledger(store.folder, clock=store.clock) as ledger:
        where = str(path.relative_to(store.folder))
        ledger.enter(where, sources, owner=owner, purpose=purpose, also=True)  # first, so that no kill loses a source
        for part in (*reversed(Path(where).parents[:-1]), Path(where)):
            folder.private(store.folder / part)
        artifacts.save(path, value, theta=theta)
        ledger.enter(where, sources, owner=owner, purpose=purpose)
        settle_units(store, ledger, sources, _present(store, seen), strict=False)  # who went, or said no, meanwhile
    if whose is not None and store.key(whose) != owner:
        folder.remove(store.folder / "users" / owner[:2] / owner)
        raise BadInput(f"user {whose!r}", "erased meanwhile", "Nothing was kept; add his records first.")
    return path


def load(store: SQLiteStore, name: str, *, user: str | None = None, theta: object = None) -> Any:
    """What `keep` wrote. A user's own whose sources are gone is dropped, not served.

    Raises:
        BadInput: there is none, or it was dropped.
    """
    if user is not None:
        settle(store, user)
    return artifacts.load(_path(store, name, user, None), theta=theta)


def parts(store: SQLiteStore, name: str) -> tuple[Any, ...]:
    """Every user's part of an additive theta, ordered by unit, so that their sum is the same each time."""
    where = store.folder / THETA / name / PARTS
    return tuple(artifacts.load(where / unit) for unit in artifacts.names(where))


def reopened(store: SQLiteStore) -> tuple[str, ...]:
    """Names of shared artifacts that learnt from somebody who has gone."""
    if not (store.folder / FILE).exists():
        return ()
    with Ledger(store.folder, clock=store.clock) as ledger:
        return tuple(Path(a.path).name for a in ledger.artifacts() if a.stale is not None)


def relearn(store: SQLiteStore, name: str, learn: Callable[[tuple[UserData, ...]], object]) -> None:
    """Learns a shared artifact again from those of its sources who are there and allow it, and closes it.

    Raises:
        BadInput: there is none of that name, or nobody is left to learn from.
    """
    path = _path(store, name, None, None)
    with Ledger(store.folder, clock=store.clock) as ledger:
        known = ledger.sources(str(path.relative_to(store.folder)))
    if not known:
        raise BadInput(f"theta {name!r}", "nothing is known of what it was learnt from", "Learn it with `keep`.")
    seen = population(store, [user for user in store.users() if store.key(user) in known])
    keep(store, name, learn(seen), seen)
    for receipt in store.receipts():
        if receipt.residue:  # perhaps what was learnt before held it
            store.search_residue(receipt.unit)


def unfinished(store: SQLiteStore) -> int:
    """Removes the states of trainings that were cut off, or are under way; gives of how many.

    They are of many users at once and do not say of whom, and without one of them none could go on. The folders stay,
    so that a training that is under way can write its next state.
    """
    found = [path for path in sorted((store.folder / TRAINING).glob("*")) if path.is_dir() and any(path.iterdir())]
    for training in found:
        for path in training.iterdir():
            if path.is_dir() and not path.is_symlink():
                folder.remove(path)
            else:
                path.unlink(missing_ok=True)
        folder.synchronise(training)
    return len(found)


def settle(store: SQLiteStore, user: str | None = None, *, strict: bool = False) -> Settled:
    """Drops or reopens what a user's records, or his consent, no longer carry; everybody's where nobody is named.

    Args:
        strict: shared artifacts go out of service at once instead of being served until they are learnt again.
    """
    if not (store.folder / FILE).exists():
        return Settled()
    keys = {one: store.key(one) for one in (store.users() if user is None else (user,))}
    units = {key: one for one, key in keys.items() if key is not None}
    with Ledger(store.folder, clock=store.clock) as ledger:
        return settle_units(store, ledger, units if user else ledger.units(), units, strict=strict)


def settle_units(
    store: SQLiteStore, ledger: Ledger, reached: Iterable[str], users: Mapping[str, str], *, strict: bool
) -> Settled:
    """As `settle`, for units; one that is nobody's has no records and allows nothing."""
    dropped, again = list[str](), list[str]()
    for unit in sorted(reached):
        learnt = ledger.artifacts(unit)
        user = users.get(unit) if learnt else None
        allowed = frozenset() if user is None else store.consents(user)
        held = frozenset() if user is None else hashes(unit, _versions(store, user))
        for artifact in learnt:
            granted = artifact.needs(unit) in {*allowed, *KEPT}
            if granted and ledger.sources(artifact.path).get(unit, frozenset()) <= held:
                continue
            if artifact.owner or strict:
                folder.remove(store.folder / artifact.path)
                ledger.drop(artifact.path)
                dropped.append(artifact.path)
            else:
                ledger.reopen(artifact.path)
                again.append(artifact.path)
    return Settled(dropped=tuple(dropped), reopened=tuple(again))


def _path(store: SQLiteStore, name: str, user: str | None, part_of: str | None) -> Path:
    if not NAME.fullmatch(name):
        raise BadInput(f"artifact {name[:80]!r}", "not a plain word", "Use small letters, digits, '+', '-' and '_'.")
    if user is not None:
        return artifacts.own_folder(store.home, store.space, _unit(store, user), name)
    theta = artifacts.theta_folder(store.home, store.space, name)
    return theta if part_of is None else theta / PARTS / _unit(store, part_of)


def _unit(store: SQLiteStore, user: str) -> str:
    key = store.key(user)
    if key is None:
        raise BadInput(f"user {user!r}", "nothing is kept of him", "Add his records first.")
    return key


def _everybody(seen: Iterable[UserData]) -> Iterator[UserData]:
    """Who was read, and who was read for him."""
    return (one for given in seen for one in (given, *given.neighbours))


def _present(store: SQLiteStore, seen: Iterable[UserData]) -> dict[str, str]:
    """Users by the unit that they have now."""
    found = {store.key(data.user_id): data.user_id for data in _everybody(seen)}
    return {unit: user for unit, user in found.items() if unit is not None}


def _sources(store: SQLiteStore, seen: Iterable[UserData]) -> Sources:
    found: dict[str, frozenset[bytes]] = {}
    for data in _everybody(seen):
        unit = _unit(store, data.user_id)
        found[unit] = found.get(unit, frozenset()) | hashes(unit, data.records)
    return found


def _versions(store: SQLiteStore, user: str) -> list[Record]:
    with store.unit(user) as unit:
        if unit is None:
            return []
        with unit.reading() as connection:
            return [row.record for row in rows.everything(connection)]
