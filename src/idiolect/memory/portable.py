"""A user as a folder that can be carried away, and back.

    manifest.json     {"format": "idiolect-user", "version": 1, "records": n, "sha256": of records.jsonl,
                       "consents": [...], "remember": true, "own": {name: {"purpose": "train", "lines": [1, 2]}},
                       "reinstated": [{"kind", "key", "value", "instead_of", "when"}]}
    records.jsonl     a version a line: {"record": {"kind", "id", ...}, "version": 1, "created": 0.0, "replaced": null,
                       "metadata": {...}}, and "expires" where it is to be erased on a day; the folder's version is 2
                       where any line has it, so that nobody reads it who would keep it for ever
    audit.jsonl       who read or changed what: {"time", "actor", "action", "purpose", "count"}; only `restore` reads it
    own/<name>/       what methods learnt for him, as data.artifacts wrote it (JSON and safetensors); not from a server

Vectors are not in it: they are made again from the records. A user on disk and one in PostgreSQL give the same folder.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from idiolect.core.errors import BadInput
from idiolect.data import header
from idiolect.data.policy import PURPOSES
from idiolect.data.records import parse, plain
from idiolect.data.sqlite import folder, jobs, rows
from idiolect.data.sqlite.connection import Connection, values
from idiolect.data.sqlite.rows import Row
from idiolect.data.sqlite.unit import Unit, setting
from idiolect.governance.lineage import FILE as LEDGER
from idiolect.governance.lineage import Ledger, hashes
from idiolect.memory.facts import table
from idiolect.memory.known import WORK

FORMAT, VERSION, EXPIRING = "idiolect-user", 1, 2
MANIFEST, RECORDS, AUDIT, OWN = "manifest.json", "records.jsonl", "audit.jsonl", "own"
STEP = 200  # records from one word of how far it is to the next
One = TypeVar("One")
Tell = Callable[[str, int, int], object]  # what, how many are done, of how many
NOTED = ("time", "actor", "action", "purpose", "count")
TRAIL = f"SELECT {', '.join(NOTED)} FROM audit ORDER BY n"
AGAIN = "Export the user again."
ASK = "Ask him, then switch it on with remember(True)."


def untold(what: str, done: int, of: int) -> None:
    """Nobody is told how far it is."""


def counted(given: Sequence[One], what: str, tell: Tell) -> Iterator[One]:
    """Each in turn; how many are done is told every so often, where they are many."""
    for done, one in enumerate(given):
        if done % STEP == 0 and len(given) > STEP:
            tell(what, done, len(given))
        yield one


def export(unit: Unit | None, path: Path, tell: Tell = untold) -> int:
    """Writes a user into a folder that is new or empty; gives the number of records, of all versions.

    Raises:
        BadInput: the folder holds something.
    """
    if unit is None:
        return write(path, [], None, remember=True)
    unit.expire()
    unit.record()
    with unit.reading() as connection:
        found = rows.everything(connection)
        decided, audit = table.decisions(connection), connection.execute(TRAIL).fetchall()
        consents = values(connection, "SELECT purpose FROM consent ORDER BY purpose")
        remember = setting(connection, "remember") != 0
    learnt = _learnt(unit, found)
    count = write(path, found, consents, remember=remember, learnt=learnt, reinstated=decided, tell=tell)
    note(path, (dict(zip(NOTED, line, strict=True)) for line in audit))
    for name in learnt:
        shutil.copytree(unit.path / OWN / name, path / OWN / name, symlinks=True)
    return count


def write(
    path: Path,
    found: Sequence[Row],
    consents: Sequence[str] | None,
    *,
    remember: bool,
    learnt: Mapping[str, Any] | None = None,
    reinstated: Sequence[Mapping[str, Any]] = (),
    tell: Tell = untold,
) -> int:
    """The folder of a user, but for what methods learnt; gives the number of records.

    Args:
        learnt: by name what is known of that.
        reinstated: what he decided about his facts, as `facts.table.decisions` gives it.
        tell: is told how far it is.

    Raises:
        BadInput: the folder holds something.
    """
    if path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        raise BadInput(path, "not an empty folder", "Name a folder that is to be made.")
    folder.above(path)
    folder.private(path)
    lines = (json.dumps(_written(row), ensure_ascii=False) for row in counted(found, "writing", tell))
    text = "".join(f"{line}\n" for line in lines).encode()
    folder.file(path / RECORDS).write_bytes(text)
    version = VERSION if all(row.expires is None for row in found) else EXPIRING
    manifest = {"format": FORMAT, "version": version, "records": len(found), "sha256": hashlib.sha256(text).hexdigest()}
    manifest |= {"consents": consents, "remember": remember, "own": learnt or {}, "reinstated": list(reinstated)}
    folder.file(path / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return len(found)


def read(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """The manifest and the rows of an exported folder.

    Raises:
        BadInput: no such folder, another format, a wrong checksum, a symbolic link, a line that is no record.
    """
    if path.is_symlink() or any(p.is_symlink() for p in path.rglob("*")):
        raise BadInput(path, "holds a symbolic link", "Give the folder itself, as it was exported.")
    manifest = _json(_content(path / MANIFEST), path / MANIFEST)
    if manifest.get("format") != FORMAT or manifest.get("version") not in (VERSION, EXPIRING):
        raise BadInput(path / MANIFEST, f"not {FORMAT} {VERSION} or {EXPIRING}", "Give a folder that `export` wrote.")
    text = _content(path / RECORDS)
    if hashlib.sha256(text).hexdigest() != manifest.get("sha256"):
        raise BadInput(path / RECORDS, "its checksum is wrong", AGAIN)
    found, own = list(_rows(text, path / RECORDS)), manifest.setdefault("own", {})
    if not all(map(_decided, manifest.setdefault("reinstated", []))):
        raise BadInput(path / MANIFEST, "what it says of 'reinstated' is wrong", AGAIN)
    for stated in own.values() if isinstance(own, dict) else [None]:
        _stated(stated, len(found), path / MANIFEST)
    return manifest, found


def enter(
    connection: Connection,
    manifest: Mapping[str, Any],
    given: list[Row],
    user: str,
    *,
    now: float,
    tell: Tell = untold,
) -> int:
    """Writes what `read` gave into a unit; what was to be kept until now (POSIX seconds) is left out, versions that are
    there are left alone. Gives the number of new ones.

    Raises:
        BadInput: an id that another record of his has.
    """
    before = {(row.record.id, row.version): row for row in rows.everything(connection)}
    fresh = [row for row in given if (row.record.id, row.version) not in before and row.lasts(lambda: now)]
    for row in given:
        known = before.get((row.record.id, row.version))
        if known is not None and (known.record, known.replaced) != (row.record, row.replaced):
            what = f"two different records with the id {row.record.id!r}"
            raise BadInput(f"user {user!r}", what, "Import it as another user, or delete the other record first.")
    for row in counted(fresh, "adding", tell):
        rows.enter(connection, row)
    if not before and manifest.get("consents") is not None:
        connection.execute("DELETE FROM consent")
        connection.executemany("INSERT INTO consent VALUES (?)", [(str(p),) for p in manifest["consents"]])
    if fresh and manifest.get("reinstated"):  # facts are made anew, and what he decided about them holds again
        for job in jobs.due(connection, now, len(given)):
            jobs.attempt(connection, job, WORK[job.kind], now)
        for made in manifest["reinstated"]:
            table.decide(connection, made)
    return len(fresh)


def trail(connection: Connection, path: Path) -> None:
    """Enters the audit trail of an exported folder, where it has one."""
    if (path / AUDIT).exists():
        lines = [_json(line, path / AUDIT) for line in _content(path / AUDIT).splitlines()]
        entry = f"INSERT INTO audit ({', '.join(NOTED)}) VALUES (?,?,?,?,?)"
        connection.executemany(entry, [tuple(line.get(name) for name in NOTED) for line in lines])


def adapters(path: Path, unit: Unit, manifest: Mapping[str, Any], given: Sequence[Row]) -> None:
    """Copies what methods learnt for him, with its sources; names that are there are left alone.

    Where the sources are not stated, all of his records count as such.

    Raises:
        BadInput: a file that is neither JSON nor sound safetensors, or a statement that is none.
    """
    space, key = unit.path.parents[2], unit.path.name
    stated = manifest["own"]
    for source in sorted((path / OWN).glob("*")):
        for file in (f for f in source.rglob("*") if f.suffix == ".safetensors"):
            header.check(file)
        purpose, numbers = _stated(stated.get(source.name, {}), len(given), path / MANIFEST)
        if not (unit.path / OWN / source.name).exists():
            where = unit.path / OWN / source.name
            with Ledger(space, clock=unit.clock) as ledger:
                records = hashes(key, (given[n - 1].record for n in numbers))
                ledger.enter(str(where.relative_to(space)), {key: records}, owner=key, purpose=purpose)
            folder.private(unit.path / OWN)
            shutil.copytree(source, where, symlinks=True)


def _learnt(unit: Unit, found: Sequence[Row]) -> dict[str, Any]:
    """By name what was learnt for him: its purpose and the numbers of its records' lines (null: not known).

    What was learnt from others' records too stays here: they allowed that much, and no more.
    """
    space, key, shown = unit.path.parents[2], unit.path.name, dict[str, Any]()
    names = sorted(path.name for path in (unit.path / OWN).glob("*"))
    if not names or not (space / LEDGER).exists():
        return {name: {"purpose": "train", "lines": None} for name in names}
    numbered = [(n, hashes(key, [row.record])) for n, row in enumerate(found, 1)]
    with Ledger(space, clock=unit.clock) as ledger:
        known = {Path(artifact.path).name: artifact for artifact in ledger.artifacts(key) if artifact.owner == key}
        for name in names:
            artifact = known.get(name)
            sources = {} if artifact is None else ledger.sources(artifact.path)
            if set(sources) <= {key}:
                lines = [n for n, hashed in numbered if hashed <= sources[key]] if sources else None
                shown[name] = {"purpose": artifact.purpose if artifact else "train", "lines": lines}
    return shown


def _stated(given: Any, count: int, where: Path) -> tuple[str, list[int]]:
    """(purpose, numbers of lines) of something that was learnt."""
    purpose, lines = (given.get("purpose", "train"), given.get("lines")) if isinstance(given, dict) else ("", None)
    numbers = list(range(1, count + 1)) if lines is None else lines
    if purpose not in PURPOSES or not all(type(n) is int and 0 < n <= count for n in numbers):
        raise BadInput(where, "what it says of 'own' is wrong", AGAIN)
    return purpose, numbers


def _decided(given: Any) -> bool:
    """Whether this is one of the decisions that `facts.table` makes."""
    if not isinstance(given, dict) or type(given.get("when")) not in (int, float):
        return False
    return all(isinstance(given.get(name), str) for name in ("kind", "key", "value", "instead_of"))


def note(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Writes the audit trail."""
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    folder.file(path / AUDIT).write_text(text, encoding="utf-8")


def _written(row: Row) -> dict[str, Any]:
    shown = {"record": plain(row.record), "version": row.version, "created": row.created}
    shown |= {"replaced": row.replaced, "metadata": dict(row.metadata)}
    return shown if row.expires is None else {**shown, "expires": row.expires}


def _rows(text: bytes, where: Path) -> Iterator[Row]:
    for number, one in enumerate(text.decode("utf-8").split("\n")[:-1], 1):
        place = f"{where}, line {number}"
        raw = _json(one.encode(), place)
        record = parse(raw.get("record"), place)
        version, metadata = raw.get("version"), raw.get("metadata", {})
        created, *others = (raw.get(name) for name in ("created", "replaced", "expires"))
        moments = isinstance(created, float) and all(isinstance(moment, (float, type(None))) for moment in others)
        if type(version) is not int or version < 1 or not moments or not isinstance(metadata, dict):
            raise BadInput(place, "not a version of a record", AGAIN)
        since, (replaced, expires) = cast(float, created), cast("list[float | None]", others)
        times = {"replaced": replaced, "expires": expires}
        yield Row(n=number, version=version, created=since, record=record, metadata=metadata, **times)


def _content(path: Path) -> bytes:
    with open(header.open_regular(path), "rb") as file:
        return file.read()


def _json(text: bytes, where: object) -> dict[str, Any]:
    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(where, f"no JSON ({error})", AGAIN) from None
    if not isinstance(found, dict):
        raise BadInput(where, "no JSON object", AGAIN)
    return found
