"""Sentence vectors of one user, beside his database: rows of half precision, (places, dim) without a header.

The table `vector` says which record's piece lies at which place, `meta` which encoder made them. A row is written and
synchronised before the transaction that names it ends, and `sweep` writes zeros over it once nothing names it. All
of it can be made again from the records.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from idiolect.data.sqlite import folder
from idiolect.data.sqlite.connection import Connection, value, values
from idiolect.retrieval.split import VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

HALF = 2  # bytes
NAME = "vectors.f16"


def identity(encoder: Encoder) -> str:
    """What tells the vectors of one encoder from those of another: its class, its settings and its dimension, and
    how long texts were cut."""
    settings = repr(encoder) if is_dataclass(encoder) else ""
    return f"{type(encoder).__module__}.{type(encoder).__qualname__} {settings} {encoder.dim} pieces {VERSION}"


def usable(connection: Connection, encoder: Encoder, path: Path) -> bool:
    """Whether this encoder made what is there, and the file holds all of it."""
    made_by = value(connection, "SELECT value FROM meta WHERE name = 'encoder'")
    rows = value(connection, "SELECT coalesce(max(place) + 1, 0) FROM vector")
    held = path.stat().st_size if path.exists() else 0
    return bool(made_by == identity(encoder) and held >= rows * encoder.dim * HALF)


def begin(connection: Connection, encoder: Encoder, path: Path) -> None:
    """Lets go of what another encoder made, or of what was lost."""
    if not usable(connection, encoder, path):
        connection.execute("DELETE FROM vector")
        note = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
        connection.executemany(note, [("encoder", identity(encoder)), ("dim", encoder.dim)])
        changed(connection)


def waiting(connection: Connection, encoder: Encoder, path: Path, most: int) -> list[int]:
    """n of records without a vector of this encoder, newest first."""
    there = usable(connection, encoder, path)
    without = "WHERE NOT EXISTS (SELECT 1 FROM vector WHERE vector.n = record.n)" if there else ""
    return values(connection, f"SELECT n FROM record {without} ORDER BY n DESC LIMIT ?", most)


def write(connection: Connection, path: Path, numbers: Sequence[int], rows: NDArray[np.float32]) -> None:
    """Stores vectors: rows (P, dim), `numbers` (P,) the record of each; those of records that are gone, or have
    theirs, are left out."""
    import numpy as np

    used = set(values(connection, "SELECT place FROM vector"))
    free = (place for place in range(len(used) + len(numbers)) if place not in used)
    without = "SELECT 1 FROM record WHERE n = ?1 AND NOT EXISTS (SELECT 1 FROM vector WHERE n = ?1)"
    alive = {n for n in set(numbers) if value(connection, without, n)}
    kept = [(n, row.astype(np.float16)) for n, row in zip(numbers, rows, strict=True) if n in alive]
    placed = [(n, place, row) for (n, row), place in zip(kept, free, strict=False)]
    folder.file(path)
    _put(path, ((place * row.nbytes, row.tobytes()) for _, place, row in placed))
    connection.executemany("INSERT INTO vector VALUES (?, ?)", [(place, n) for n, place, _ in placed])
    changed(connection)


def changed(connection: Connection) -> None:
    """Notes that vectors came or went, so that nobody trusts a copy in memory."""
    connection.execute("INSERT INTO meta VALUES ('vectors', 1) ON CONFLICT DO UPDATE SET value = value + 1")


def stamp(connection: Connection) -> int:
    """How often vectors came or went."""
    return value(connection, "SELECT value FROM meta WHERE name = 'vectors'") or 0


def read(connection: Connection, path: Path, dim: int) -> tuple[list[int], NDArray[np.float32]]:
    """(n of each row, (P, dim) in single precision); places that the file lacks are left out."""
    import numpy as np

    found: list[Any] = connection.execute("SELECT n, place FROM vector ORDER BY n, place").fetchall()
    if not found or not path.exists():
        return [], np.zeros((0, dim), np.float32)
    raw = np.fromfile(path, np.float16)
    rows = raw[: len(raw) // dim * dim].reshape(-1, dim)
    kept = [(n, place) for n, place in found if place < len(rows)]
    return [n for n, _ in kept], rows[[place for _, place in kept]].astype(np.float32)


def sweep(connection: Connection, path: Path) -> None:
    """Writes zeros over every row that belongs to no record."""
    dim = value(connection, "SELECT value FROM meta WHERE name = 'dim'")
    if dim and path.exists():
        width = dim * HALF
        used = set(values(connection, "SELECT place FROM vector"))
        free = (place for place in range(-(-path.stat().st_size // width)) if place not in used)
        _put(path, ((place * width, bytes(width)) for place in free))


def _put(path: Path, pieces: Iterable[tuple[int, bytes]]) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    try:
        for offset, piece in pieces:
            done = 0
            while done < len(piece):
                done += os.pwrite(descriptor, piece[done:], offset + done)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
