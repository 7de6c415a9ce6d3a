"""A user as a folder that can be carried away, and back.

    manifest.json     {"format": "idiolect-user", "version": 1, "records": n, "sha256": of records.jsonl,
                       "consents": [...], "remember": true}
    records.jsonl     a version a line: {"record": {"kind", "id", ...}, "version": 1, "created": 0.0, "replaced": null,
                       "metadata": {...}}
    own/<name>/       what methods learnt for him, as data.artifacts wrote it (JSON and safetensors)

Vectors are not in it: they are made again from the records.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from idiolect.core.errors import BadInput
from idiolect.data import header
from idiolect.data.records import parse, plain
from idiolect.data.sqlite import folder, rows
from idiolect.data.sqlite.connection import Connection, values
from idiolect.data.sqlite.rows import Row
from idiolect.data.sqlite.unit import Unit, setting

FORMAT, VERSION = "idiolect-user", 1
MANIFEST, RECORDS, OWN = "manifest.json", "records.jsonl", "own"
AGAIN = "Export the user again."


def export(unit: Unit | None, path: Path) -> int:
    """Writes a user into a folder that is new or empty; gives the number of records, of all versions.

    Raises:
        BadInput: the folder holds something.
    """
    if path.is_symlink() or (path.exists() and (not path.is_dir() or any(path.iterdir()))):
        raise BadInput(path, "not an empty folder", "Name a folder that is to be made.")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder.private(path)
    found: list[Row] = []
    consents: list[str] | None = None
    remember = True
    if unit is not None:
        with unit.reading() as connection:
            found = rows.everything(connection)
            consents = values(connection, "SELECT purpose FROM consent ORDER BY purpose")
            remember = setting(connection, "remember") != 0
        if (unit.path / OWN).is_dir():
            shutil.copytree(unit.path / OWN, path / OWN, symlinks=True)
    text = "".join(f"{json.dumps(_written(row), ensure_ascii=False)}\n" for row in found).encode()
    folder.file(path / RECORDS).write_bytes(text)
    manifest = {"format": FORMAT, "version": VERSION, "records": len(found), "sha256": hashlib.sha256(text).hexdigest()}
    manifest |= {"consents": consents, "remember": remember}
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
    if manifest.get("format") != FORMAT or manifest.get("version") != VERSION:
        raise BadInput(path / MANIFEST, f"not {FORMAT} {VERSION}", "Give a folder that `export` wrote.")
    text = _content(path / RECORDS)
    if hashlib.sha256(text).hexdigest() != manifest.get("sha256"):
        raise BadInput(path / RECORDS, "its checksum is wrong", AGAIN)
    return manifest, list(_rows(text, path / RECORDS))


def enter(connection: Connection, manifest: Mapping[str, Any], given: list[Row], user: str) -> int:
    """Writes what `read` gave into a unit; versions that are there are left alone. Gives the number of new ones.

    Raises:
        BadInput: an id that another record of his has.
    """
    before = {(row.record.id, row.version): row for row in rows.everything(connection)}
    fresh = [row for row in given if (row.record.id, row.version) not in before]
    for row in given:
        known = before.get((row.record.id, row.version))
        if known is not None and (known.record, known.replaced) != (row.record, row.replaced):
            what = f"two different records with the id {row.record.id!r}"
            raise BadInput(f"user {user!r}", what, "Import it as another user, or delete the other record first.")
    for row in fresh:
        noted = rows.written(row.metadata)
        rows.insert(connection, row.record, noted, created=row.created, version=row.version, replaced=row.replaced)
    if not before and manifest.get("consents") is not None:
        connection.execute("DELETE FROM consent")
        connection.executemany("INSERT INTO consent VALUES (?)", [(str(p),) for p in manifest["consents"]])
    return len(fresh)


def adapters(path: Path, unit: Unit) -> None:
    """Copies what methods learnt for him; names that are there are left alone.

    Raises:
        BadInput: a file that is neither JSON nor sound safetensors.
    """
    for source in sorted((path / OWN).glob("*")):
        for file in (f for f in source.rglob("*") if f.suffix == ".safetensors"):
            header.check(file)
        if not (unit.path / OWN / source.name).exists():
            folder.private(unit.path / OWN)
            shutil.copytree(source, unit.path / OWN / source.name, symlinks=True)


def _written(row: Row) -> dict[str, Any]:
    shown = {"record": plain(row.record), "version": row.version, "created": row.created}
    return {**shown, "replaced": row.replaced, "metadata": dict(row.metadata)}


def _rows(text: bytes, where: Path) -> Iterator[Row]:
    for number, one in enumerate(text.decode("utf-8").split("\n")[:-1], 1):
        place = f"{where}, line {number}"
        raw = _json(one.encode(), place)
        record = parse(raw.get("record"), place)
        version, created, replaced = raw.get("version"), raw.get("created"), raw.get("replaced")
        metadata = raw.get("metadata", {})
        moments = isinstance(created, float) and isinstance(replaced, (float, type(None)))
        if type(version) is not int or version < 1 or not moments or not isinstance(metadata, dict):
            raise BadInput(place, "not a version of a record", AGAIN)
        since, until = cast(float, created), cast("float | None", replaced)
        yield Row(n=number, version=version, created=since, replaced=until, record=record, metadata=metadata)


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
