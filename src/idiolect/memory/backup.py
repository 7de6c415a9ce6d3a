"""Backups: one sealed archive a user, opened by the key file that is kept apart (`governance.keys`).

    DESTINATION/<unit>.idiolect      header {"format": "idiolect-backup", "version": 1, "unit", "serial", "made"},
                                     then a tar of the exported folder, `user.json` and what the service keeps of him
                                     (`door.db`), sealed (`governance.sealed`)
    DESTINATION/door.sealed          the keys of the service, of all spaces of the home, sealed in the same way

`restore` gives everybody back under the same unit's name, so that an erasure after it reaches the old archives too.
"""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, cast

from idiolect.core.errors import BadInput, StoreError
from idiolect.data import header
from idiolect.data.sqlite import folder, rows
from idiolect.data.sqlite.catalogue import Catalogue
from idiolect.data.sqlite.connection import connect, shut
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.sqlite.unit import FILE, Unit
from idiolect.data.store import named
from idiolect.governance import keys
from idiolect.governance.keys import KeyFile
from idiolect.governance.sealed import Opener, Sealer, about
from idiolect.memory import portable

FORMAT, VERSION, ENDING, WHO = "idiolect-backup", 1, ".idiolect", "user.json"
DOOR, SEALED, DATABASES = "door", ".sealed", "*.db"
KEYS, SECRET = "keys.db", "keys.secret"  # of the home, as the service keeps them
Tell = Callable[[str, int, int], None]  # what is being done, how many are done, of how many


@dataclass(frozen=True, kw_only=True)
class Backup:
    """What a backup did. `erased`: archives of users who are gone, removed from the destination."""

    users: int
    bytes: int
    erased: int
    serial: int
    keys: Path


@dataclass(frozen=True, kw_only=True)
class Restored:
    """What came back. `erased`: left aside, as they were erased; `there`: left alone, as they were never lost; `keys`:
    whether those of the service did."""

    users: tuple[str, ...]
    erased: int
    there: int
    keys: bool


def backup(store: SQLiteStore, destination: Path, passphrase: str, tell: Tell = lambda *_: None) -> Backup:
    """Writes everybody's archive into a folder, each whole or not at all, and the key file beside the catalogue.

    Archives there of users who were erased are removed. Copy the key file to a place apart from the archives.

    Raises:
        BadInput: another passphrase than that of the space's key file, or a destination within the home.
    """
    where = destination.expanduser().absolute()
    if where.resolve().is_relative_to(store.home.resolve()):
        raise BadInput(where, "lies within the home that is to be saved", "Name a folder on another disk.")
    path = store.folder / keys.FILE
    folder.above(where)
    folder.private(where)
    with keys.alone(store.folder):
        held = keys.opened(path, passphrase) if path.exists() else keys.make(passphrase)
        units = {user: key for user in store.users() if (key := store.key(user)) is not None}
        held = held.without(receipt.unit for receipt in store.receipts()).having([*units.values(), DOOR])
        held.write(path)
    size = 0
    for done, (user, unit) in enumerate(units.items()):
        tell("saving", done, len(units))
        size += _save(store, user, unit, held, where)
    size += _save_keys(store, held, where)
    gone = [archive for archive in where.glob(f"*{ENDING}") if archive.stem in held.tombstones]
    for archive in gone:
        archive.unlink()
    return Backup(users=len(units), bytes=size, erased=len(gone), serial=held.serial, keys=path)


def restore(
    store: SQLiteStore,
    source: Path,
    key_file: Path,
    passphrase: str,
    *,
    force: bool = False,
    tell: Tell = lambda *_: None,
) -> Restored:
    """Gives back everybody of whom there is an archive and a key, but for those who were erased.

    Args:
        key_file: the newest copy; its tombstones, and the receipts of this home, say who was erased.
        force: takes an older key file, at the risk of bringing back who was erased since.

    Raises:
        BadInput: an older key file, another passphrase, an archive that does not open; who came before is there.
    """
    held = keys.opened(key_file, passphrase)
    archives = {path: _about(path) for path in sorted(source.glob(f"*{ENDING}"))}
    if not archives:
        raise BadInput(source, "holds no archives", "Name the folder that `idiolect backup` wrote.")
    _not_older(store, held, [one["serial"] for one in archives.values()], key_file, force)
    gone = held.tombstones | {receipt.unit for receipt in store.receipts()}
    _unite(store, held.without(gone))
    back, there = list[str](), 0
    for done, (path, one) in enumerate(archives.items()):
        tell("restoring", done, len(archives))
        if one["unit"] not in gone:
            user = _bring(store, path, one["unit"], held)
            back += [user] if user is not None else []
            there += user is None
    erased = sum(one["unit"] in gone for one in archives.values())
    return Restored(users=tuple(back), erased=erased, there=there, keys=_bring_keys(store, source, held))


def _save(store: SQLiteStore, user: str, name: str, held: KeyFile, where: Path) -> int:
    key = held.key(name)
    with store.unit(user) as unit:
        if unit is None or unit.path.name != name or key is None:
            return 0  # erased meanwhile
        stated = {"format": FORMAT, "version": VERSION, "unit": name, "serial": held.serial, "made": store.clock()}
        try:
            with _workplace(unit.path) as work:  # within his unit, so that erasing him reaches it
                portable.export(unit, work / "user")
                (work / WHO).write_text(json.dumps({"user": user}), encoding="utf-8")
                for database in sorted(set(unit.path.glob(DATABASES)) - {unit.path / FILE}):
                    _copy(database, work / database.name)
                size = _seal(work, where / f"{name}{ENDING}", key, stated)
        except (OSError, StoreError):
            if store.key(user) == name:
                raise
            return 0  # erased while he was read
        unit.note("library", "backup")
    return size


def _save_keys(store: SQLiteStore, held: KeyFile, where: Path) -> int:
    """The service's keys; 0 where there are none."""
    key = held.key(DOOR)
    if key is None or not (store.home / KEYS).exists():
        return 0
    stated = {"format": FORMAT, "version": VERSION, "unit": DOOR, "serial": held.serial, "made": store.clock()}
    with _workplace(store.folder) as work:
        _copy(store.home / KEYS, work / KEYS)
        shutil.copy(store.home / SECRET, folder.file(work / SECRET))
        return _seal(work, where / f"{DOOR}{SEALED}", key, stated)


def _bring_keys(store: SQLiteStore, source: Path, held: KeyFile) -> bool:
    """The service's keys, where this home has none yet."""
    path, key = source / f"{DOOR}{SEALED}", held.key(DOOR)
    if key is None or not path.exists() or (store.home / KEYS).exists():
        return False
    with _workplace(store.folder) as work:
        _unpack(path, key, work)
        os.replace(work / SECRET, store.home / SECRET)
        _settle(work / KEYS, store.home / KEYS)
    return True


def _copy(database: Path, to: Path) -> None:
    """A database as it is at one moment, whoever writes to it meanwhile."""
    connection = connect(database)
    try:
        connection.execute("VACUUM INTO ?", (str(folder.file(to)),))
    finally:
        shut(connection)


def _settle(copy: Path, to: Path) -> None:
    """Puts a copy in its place, ready for several processes."""
    connection = connect(copy)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        shut(connection)
    os.replace(copy, to)
    folder.synchronise(to.parent)


def _unpack(path: Path, key: bytes, work: Path) -> None:
    with _opened(path) as file, tarfile.open(fileobj=cast(Any, Opener(file, key, path)), mode="r|") as tar:
        tar.extractall(work, filter="data")


def _seal(work: Path, archive: Path, key: bytes, stated: dict[str, Any]) -> int:
    partial = archive.with_name(f".{archive.name}.partial")
    descriptor = os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, folder.FILE)
    with open(descriptor, "wb") as file:
        sealer = Sealer(file, key, stated)
        with tarfile.open(fileobj=cast(Any, sealer), mode="w|") as tar:
            for path in sorted(work.iterdir()):
                tar.add(path, path.name)
        sealer.close()
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, archive)
    folder.synchronise(archive.parent)
    return archive.stat().st_size


def _bring(store: SQLiteStore, path: Path, unit: str, held: KeyFile) -> str | None:
    """Restores one archive; None where the user is there already.

    Raises:
        BadInput: no key for it, or it does not open.
    """
    key = held.key(unit)
    if key is None:
        raise BadInput(path, "the key file has no key for it", keys.NEWEST)
    with _workplace(folder.private(store.folder / "users" / unit[:2])) as work:
        _unpack(path, key, work)
        user = named(str(json.loads((work / WHO).read_text(encoding="utf-8"))["user"]))
        if store.key(user) is not None:
            return None
        _fill(store, user, unit, work)
    return user


def _fill(store: SQLiteStore, user: str, name: str, work: Path) -> None:
    """A whole unit, and only then its entry: a kill between the two leaves a folder that the next restore replaces."""
    exported = work / "user"
    manifest, given = portable.read(exported)
    place = store.folder / "users" / name[:2] / name
    folder.remove(place)
    unit = Unit.make(place, clock=store.clock, policy=store.policy)
    try:
        with unit.writing() as connection:
            portable.enter(connection, manifest, given, user, now=store.clock())
            ends = rows.ends(connection)
            portable.trail(connection, exported)
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('remember', ?)", (int(manifest["remember"]),))
        portable.adapters(exported, unit, manifest, given)
        unit.note("library", "restore", count=len(given))
    finally:
        unit.close()
    for copy in sorted(set(work.glob(DATABASES)) - {work / FILE}):
        _settle(copy, place / copy.name)
    catalogue = Catalogue(folder.file(store.folder / "catalogue.db"), clock=store.clock)
    try:
        catalogue.claim(user, name, ends)
    finally:
        catalogue.close()


def _not_older(store: SQLiteStore, held: KeyFile, serials: list[int], path: Path, force: bool) -> None:
    own = store.folder / keys.FILE
    newest = max([*serials, keys.read(own).serial if own.exists() else 0])
    if held.serial < newest and not force:
        fix = "Give the newest copy, or force it at the risk of bringing back who was erased since."
        raise BadInput(path, f"key file {held.serial} is older than {newest}, to which these archives belong", fix)


def _unite(store: SQLiteStore, held: KeyFile) -> None:
    """The space goes on with this key file; a newer one of its own keeps what it knows of tombstones."""
    path = store.folder / keys.FILE
    with keys.alone(store.folder):
        before = keys.read(path) if path.exists() else held
        after = held.without(before.tombstones)
        replace(after, serial=max(after.serial, before.serial)).write(path)


def _about(path: Path) -> dict[str, Any]:
    with _opened(path) as file:
        found = about(file, path)
    unit, serial = found.get("unit"), found.get("serial")
    whole = (found.get("format"), found.get("version"), unit) == (FORMAT, VERSION, path.stem) and type(serial) is int
    if not whole or not isinstance(unit, str) or len(unit) != 32 or set(unit) - set("0123456789abcdef"):
        raise BadInput(path, f"not {FORMAT} {VERSION}, or it was renamed", "Take another copy of it.")
    return found


def _opened(path: Path) -> IO[bytes]:
    return open(header.open_regular(path), "rb")


@contextmanager
def _workplace(place: Path) -> Iterator[Path]:
    """A folder for what is in the clear for a moment, where all else in the clear lies; `doctor` removes strays."""
    path = Path(tempfile.mkdtemp(prefix=".work-", dir=place))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
