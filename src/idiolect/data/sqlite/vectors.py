"""Sentence vectors of one user, beside his database: rows of half precision, (places, dim) without a header.

The table `vector` says which record's piece lies at which place, `meta` which encoder made them. A row is written and
synchronised before the transaction that names it ends, and `sweep` writes zeros over it once nothing names it. All
of it can be made again from the records.

Vectors of another encoder are made in a second file, at places far behind, while the first goes on serving whoever has
that encoder; the transaction that makes them whole puts them in its place.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, is_dataclass, replace
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
NAMES = ("vectors.f16", "vectors.other.f16")  # the one that serves, and the one that is being filled, in turns
FAR = 2**40  # the first place of what is being filled
BY, DIM, FILE, COMING, COMING_DIM = "encoder", "dim", "vectors file", "coming encoder", "coming dim"  # in `meta`


def identity(encoder: Encoder) -> str:
    """What tells the vectors of one encoder from those of another: its class, its settings and its dimension, and
    how long texts were cut."""
    settings = repr(encoder) if is_dataclass(encoder) else ""
    return f"{type(encoder).__module__}.{type(encoder).__qualname__} {settings} {encoder.dim} pieces {VERSION}"


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where one encoder's vectors lie: from the place `start` on, a row of `dim` numbers each in the file `path`."""

    made_by: str | None
    dim: int
    path: Path
    start: int

    @property
    def within(self) -> str:
        """The rows of `vector` that are its own, as SQL."""
        return f"vector.place >= {self.start} AND vector.place < {self.start + FAR}"

    def whole(self, connection: Connection) -> bool:
        """Whether the file holds all that is named."""
        last = value(connection, f"SELECT max(place) FROM vector WHERE {self.within}")
        held = self.path.stat().st_size if self.path.exists() else 0
        return last is None or held >= (last + 1 - self.start) * self.dim * HALF


def shelf(connection: Connection, encoder: Encoder, place: Path) -> Shelf | None:
    """Where this encoder's vectors lie in a user's folder; None where it made none, or the file has lost some."""
    mine = (one for one in _shelves(connection, place) if one.made_by == identity(encoder))
    return next((one for one in mine if one.whole(connection)), None)


def begin(connection: Connection, encoder: Encoder, place: Path) -> Shelf:
    """Where this encoder's vectors are to lie: beside those of another, which serve until these are whole."""
    found = shelf(connection, encoder, place)
    if found is not None:
        return found
    now, coming = _shelves(connection, place)
    other = now.made_by not in (None, identity(encoder)) and value(
        connection, f"SELECT 1 FROM vector WHERE {now.within}"
    )
    chosen = coming if other else now
    connection.execute(f"DELETE FROM vector WHERE {chosen.within}")  # what was lost, or a third encoder left
    names = (COMING, COMING_DIM) if other else (BY, DIM)
    note = "INSERT OR REPLACE INTO meta VALUES (?, ?)"
    connection.executemany(note, zip(names, (identity(encoder), encoder.dim), strict=True))
    changed(connection)
    return replace(chosen, made_by=identity(encoder), dim=encoder.dim)


def waiting(connection: Connection, encoder: Encoder, place: Path, most: int) -> list[int]:
    """n of records without a vector of this encoder, newest first."""
    there = shelf(connection, encoder, place)
    named = f"SELECT 1 FROM vector WHERE vector.n = record.n AND {there.within}" if there else "SELECT 1 WHERE 0"
    return values(connection, f"SELECT n FROM record WHERE NOT EXISTS ({named}) ORDER BY n DESC LIMIT ?", most)


def write(
    connection: Connection, encoder: Encoder, place: Path, numbers: Sequence[int], rows: NDArray[np.float32]
) -> bool:
    """Stores vectors: rows (P, dim), `numbers` (P,) the record of each; those of records that are gone, or have
    theirs, are left out. Tells whether they are whole now and took the place of another encoder's."""
    import numpy as np

    there = begin(connection, encoder, place)
    used = set(values(connection, f"SELECT place FROM vector WHERE {there.within}"))
    free = (n for n in range(there.start, there.start + len(used) + len(numbers)) if n not in used)
    without = f"SELECT 1 FROM record WHERE n = ?1 AND NOT EXISTS (SELECT 1 FROM vector WHERE n = ?1 AND {there.within})"
    alive = {n for n in set(numbers) if value(connection, without, n)}
    kept = [(n, row.astype(np.float16)) for n, row in zip(numbers, rows, strict=True) if n in alive]
    placed = [(n, at, row) for (n, row), at in zip(kept, free, strict=False)]
    folder.file(there.path)
    _put(there.path, (((at - there.start) * row.nbytes, row.tobytes()) for _, at, row in placed))
    connection.executemany("INSERT INTO vector VALUES (?, ?)", [(at, n) for n, at, _ in placed])
    changed(connection)
    whole = there.start > 0 and not waiting(connection, encoder, place, 1)
    if whole:
        _promote(connection, there)
    return whole


def changed(connection: Connection) -> None:
    """Notes that vectors came or went, so that nobody trusts a copy in memory."""
    connection.execute("INSERT INTO meta VALUES ('vectors', 1) ON CONFLICT DO UPDATE SET value = value + 1")


def stamp(connection: Connection) -> int:
    """How often vectors came or went."""
    return value(connection, "SELECT value FROM meta WHERE name = 'vectors'") or 0


def state(connection: Connection, encoder: Encoder | None) -> tuple[Any, ...]:
    """What is another one as soon as a row or a vector is: a row changes only when one behind it takes its place."""
    found = connection.execute("SELECT (SELECT value FROM meta WHERE name = 'vectors'), max(n) FROM record").fetchone()
    return (identity(encoder) if encoder is not None else "", found)


def read(connection: Connection, there: Shelf) -> tuple[list[int], NDArray[np.float32]]:
    """(n of each row, (P, dim) in single precision); places that the file lacks are left out."""
    import numpy as np

    query = f"SELECT n, place - {there.start} FROM vector WHERE {there.within} ORDER BY n, place"
    found: list[Any] = connection.execute(query).fetchall()
    if not found or not there.path.exists():
        return [], np.zeros((0, there.dim), np.float32)
    raw = np.fromfile(there.path, np.float16)
    rows = raw[: len(raw) // there.dim * there.dim].reshape(-1, there.dim)
    kept = [(n, at) for n, at in found if at < len(rows)]
    return [n for n, _ in kept], rows[[at for _, at in kept]].astype(np.float32)


def files(connection: Connection, place: Path) -> list[tuple[Path, int]]:
    """(path, dim) of the files of vectors that are there."""
    made = (one for one in _shelves(connection, place) if one.made_by is not None)
    return [(one.path, one.dim) for one in made if one.path.exists()]


def sweep(connection: Connection, place: Path) -> None:
    """Writes zeros over every row that belongs to no record, and removes the file that is nobody's any more."""
    for one in _shelves(connection, place):
        if not one.path.exists():
            continue
        if one.made_by is None:
            one.path.unlink()
            continue
        width = one.dim * HALF
        used = set(values(connection, f"SELECT place - {one.start} FROM vector WHERE {one.within}"))
        free = (at for at in range(-(-one.path.stat().st_size // width)) if at not in used)
        _put(one.path, ((at * width, bytes(width)) for at in free))


def _shelves(connection: Connection, place: Path) -> tuple[Shelf, Shelf]:
    """(the one that serves, the one that is being filled); `made_by` is None where there is none."""
    names = "'" + "', '".join((BY, DIM, FILE, COMING, COMING_DIM)) + "'"
    note: dict[str, Any] = dict(connection.execute(f"SELECT name, value FROM meta WHERE name IN ({names})"))
    name = str(note.get(FILE, NAMES[0]))
    (other,) = (one for one in NAMES if one != name)
    return (
        Shelf(made_by=note.get(BY), dim=int(note.get(DIM, 0)), path=place / name, start=0),
        Shelf(made_by=note.get(COMING), dim=int(note.get(COMING_DIM, 0)), path=place / other, start=FAR),
    )


def _promote(connection: Connection, there: Shelf) -> None:
    """What was being filled serves from now on."""
    connection.execute("DELETE FROM vector WHERE place < ?", (FAR,))
    connection.execute("UPDATE vector SET place = place - ?", (FAR,))
    given = [(BY, there.made_by), (DIM, there.dim), (FILE, there.path.name)]
    connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", given)
    connection.execute("DELETE FROM meta WHERE name IN (?, ?)", (COMING, COMING_DIM))


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
