"""What was learnt, and from whom: one ledger a space, so that a withdrawal finds everything that it reaches.

    <home>/spaces/<space>/lineage.db

An artifact names its sources: the folder's random name of each user whose records were read, and a hash of each record,
made with that name. Nothing of what was said is in it. A record that was corrected is there as long as its old version
is; where that is erased too, what was learnt from it goes.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.core.types import Record
from idiolect.data.records import plain
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.connection import Connection, Database, values

FILE = "lineage.db"
SIZE = 16  # bytes of a hash
STEPS = (
    """
    CREATE TABLE artifact (
      n INTEGER PRIMARY KEY AUTOINCREMENT,
      path TEXT NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      purpose TEXT NOT NULL,
      made REAL NOT NULL,
      stale REAL
    );
    CREATE TABLE source (
      artifact INTEGER NOT NULL,
      unit TEXT NOT NULL,
      record BLOB NOT NULL,
      PRIMARY KEY (artifact, unit, record)
    ) WITHOUT ROWID;
    CREATE INDEX whose ON source (unit, artifact);
    """,
)
Sources = Mapping[str, frozenset[bytes]]  # the folder's name -> hashes of its records


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """Something learnt that is in service.

    Args:
        path: of its folder, within the space's.
        owner: the unit for which it was learnt; empty for what was learnt from everybody.
        purpose: what its sources must allow.
        stale: since when a source is missing (POSIX seconds); None while all are there.
    """

    path: str
    owner: str
    purpose: str
    made: float
    stale: float | None

    def needs(self, unit: str) -> str:
        """What the user of a unit must allow for it: who is read for another shares."""
        return "share" if self.owner and self.owner != unit else self.purpose


class Ledger:
    """Artifacts and their sources. Every method is one transaction."""

    def __init__(self, space: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._database = Database(folder.file(space / FILE), STEPS)

    def enter(
        self, path: str, sources: Sources, *, owner: str = "", purpose: str = "train", also: bool = False
    ) -> None:
        """Notes what an artifact was learnt from; with `also`, beside what is noted already."""
        with self._database.writing() as connection:
            entry = """INSERT INTO artifact (path, owner, purpose, made) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (path)
                DO UPDATE SET owner = ?2, purpose = ?3, made = ?4, stale = iif(?5, stale, NULL)"""
            connection.execute(entry, (path, owner, purpose, self._clock(), also))
            (n,) = values(connection, "SELECT n FROM artifact WHERE path = ?", path)
            if not also:
                connection.execute("DELETE FROM source WHERE artifact = ?", (n,))
            rows = [(n, unit, record) for unit, records in sources.items() for record in sorted(records)]
            connection.executemany("INSERT OR IGNORE INTO source VALUES (?, ?, ?)", rows)

    def drop(self, path: str) -> None:
        """Forgets an artifact that is gone, in the file's bytes too."""
        with self._database.writing() as connection:
            gone = "SELECT n FROM artifact WHERE path = ?"
            connection.execute(f"DELETE FROM source WHERE artifact IN ({gone})", (path,))
            connection.execute("DELETE FROM artifact WHERE path = ?", (path,))
        self._database.scrub(wait=100)

    def reopen(self, path: str) -> None:
        """Notes that a source of it is missing, if that was not noted before."""
        with self._database.writing() as connection:
            note = "UPDATE artifact SET stale = ? WHERE path = ? AND stale IS NULL"
            connection.execute(note, (self._clock(), path))

    def artifacts(self, unit: str | None = None) -> tuple[Artifact, ...]:
        """All, or those that learnt from one user, in the order they were made first."""
        within = "" if unit is None else "WHERE n IN (SELECT artifact FROM source WHERE unit = ?)"
        query = f"SELECT path, owner, purpose, made, stale FROM artifact {within} ORDER BY n"
        names = ("path", "owner", "purpose", "made", "stale")
        with self._database.reading() as connection:
            found: list[Any] = connection.execute(query, () if unit is None else (unit,)).fetchall()
        return tuple(Artifact(**dict(zip(names, row, strict=True))) for row in found)

    def sources(self, path: str) -> Sources:
        """What an artifact was learnt from; empty where it is not known."""
        with self._database.reading() as connection:
            return _sources(connection, path)

    def units(self) -> frozenset[str]:
        """Everybody from whom something was learnt."""
        with self._database.reading() as connection:
            return frozenset(values(connection, "SELECT DISTINCT unit FROM source"))

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def hashes(unit: str, records: Iterable[Record]) -> frozenset[bytes]:
    """Of what records say and how they are called, told apart by whose they are."""
    key = bytes.fromhex(unit)
    texts = (json.dumps(plain(record), ensure_ascii=False, sort_keys=True) for record in records)
    return frozenset(hashlib.blake2b(t.encode(), key=key, digest_size=SIZE).digest() for t in texts)


def _sources(connection: Connection, path: str) -> dict[str, frozenset[bytes]]:
    query = "SELECT unit, record FROM source JOIN artifact ON n = artifact WHERE path = ?"
    found: dict[str, set[bytes]] = {}
    rows: Any = connection.execute(query, (path,))
    for unit, record in rows:
        found.setdefault(unit, set()).add(record)
    return {unit: frozenset(records) for unit, records in found.items()}
