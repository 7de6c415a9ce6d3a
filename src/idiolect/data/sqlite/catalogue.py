"""Who has which folder, and what became of those who were erased: a receipt names the folder, never the user."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.data.sqlite.connection import Database, values
from idiolect.data.sqlite.schema import CATALOGUE

FIELDS = "unit, began, records, removed, closed, bytes, searched, residue"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What an erasure did. Times are POSIX seconds.

    Args:
        unit: the random name of the folder that went; empty where there was no such user.
        removed: when folder and entry were gone from every read; None while that is under way.
        closed: when the search for residue had ended.
        bytes: of the files that went.
        searched: bytes in which residue was looked for.
        residue: pieces of what was erased that were found elsewhere; None before the search, and where nothing is
            known any more of what to look for.
    """

    unit: str
    began: float
    records: int
    removed: float | None = None
    closed: float | None = None
    bytes: int = 0
    searched: int = 0
    residue: int | None = None

    @property
    def status(self) -> str:
        """ "closed" once everything is gone and nothing of it was found elsewhere, else "open"."""
        return "open" if self.closed is None or self.residue else "closed"


class Catalogue:
    """One space's users in the order they came. Ids are compared byte by byte: what looks alike is somebody else."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, vfs: str | None = None) -> None:
        self._clock = clock
        self._database = Database(path, CATALOGUE, vfs=vfs)

    def key(self, user: str) -> str | None:
        """The name of his folder."""
        key: str | None = self._database.first("SELECT key FROM user WHERE id = ?", user)
        return key

    def entry(self, user: str) -> tuple[str | None, float | None]:
        """(the name of his folder, when the first of what it holds is to be erased); None where there is none."""
        found = self._database.first("SELECT json_array(key, ends) FROM user WHERE id = ?", user)
        key, ends = json.loads(found) if found else (None, None)
        return key, ends

    def ending(self, user: str, when: float | None, *, sooner: bool = False) -> None:
        """Notes when the first of what he has is to be erased (POSIX seconds), None where nothing is.

        Args:
            sooner: only where that is before the time that is noted.
        """
        if sooner and self._database.first("SELECT 1 FROM user WHERE id = ? AND ends <= ?", user, when):
            return
        with self._database.writing() as connection:
            note = "UPDATE user SET ends = ?1 WHERE id = ?2 AND NOT (?3 AND coalesce(ends <= ?1, 0))"
            connection.execute(note, (when, user, sooner))

    def due(self, now: float) -> tuple[str, ...]:
        """Who has something that is to be erased by now."""
        with self._database.reading() as connection:
            return tuple(values(connection, "SELECT id FROM user WHERE ends <= ? ORDER BY ends", now))

    def users(self) -> tuple[str, ...]:
        """Everybody, in the order they came."""
        with self._database.reading() as connection:
            return tuple(values(connection, "SELECT id FROM user ORDER BY n"))

    def within(self, user: str) -> tuple[str, ...]:
        """Other users in whose ids his is a part."""
        with self._database.reading() as connection:
            return tuple(values(connection, "SELECT id FROM user WHERE instr(id, ?1) AND id <> ?1", user))

    def keys(self) -> frozenset[str]:
        """The names of all folders."""
        with self._database.reading() as connection:
            return frozenset(values(connection, "SELECT key FROM user"))

    def claim(self, user: str, key: str, ends: float | None = None) -> bool:
        """Enters a user with a folder, and when the first of it is to be erased; False where he has one."""
        with self._database.writing() as connection:
            entry = "INSERT INTO user (id, key, ends) VALUES (?, ?, ?) ON CONFLICT (id) DO NOTHING RETURNING n"
            return bool(values(connection, entry, user, key, ends))

    def release(self, user: str, records: int, size: int, sought: bytes = b"") -> Receipt | None:
        """Takes a user out, and opens the receipt of what is now to be removed; None for a stranger.

        Args:
            sought: hashes of what is to be looked for afterwards (`residue.marks`).
        """
        with self._database.writing() as connection:
            found = values(connection, "DELETE FROM user WHERE id = ? RETURNING key", user)
            if not found:
                return None
            receipt = Receipt(unit=found[0], began=self._clock(), records=records, bytes=size)
            insertion = "INSERT INTO receipt (unit, began, records, bytes, sought) VALUES (?,?,?,?,?)"
            connection.execute(insertion, (receipt.unit, receipt.began, records, size, sought or None))
        return receipt

    def removed(self, unit: str) -> None:
        """Notes that a folder is gone, once the user's entry is gone from all bytes too."""
        if self._database.scrub():
            with self._database.writing() as connection:
                connection.execute("UPDATE receipt SET removed = ? WHERE unit = ?", (self._clock(), unit))

    def sought(self, unit: str) -> bytes | None:
        """What is still to be looked for of an erased unit; None where nothing is, or nobody knows what."""
        found: bytes | None = self._database.first("SELECT sought FROM receipt WHERE unit = ?", unit)
        return found

    def close_receipt(self, unit: str, searched: int, residue: int | None) -> None:
        """Notes what the search for residue found; what was looked for is kept only while some of it is there."""
        query = "UPDATE receipt SET closed = ?1, searched = ?2, residue = ?3, sought = iif(?3 > 0, sought, NULL)"
        with self._database.writing() as connection:
            connection.execute(f"{query} WHERE unit = ?4", (self._clock(), searched, residue, unit))

    def receipts(self) -> tuple[Receipt, ...]:
        """All receipts, oldest first."""
        names = FIELDS.split(", ")
        with self._database.reading() as connection:
            found: list[Any] = connection.execute(f"SELECT {FIELDS} FROM receipt ORDER BY began").fetchall()
        return tuple(Receipt(**dict(zip(names, row, strict=True))) for row in found)

    def close(self) -> None:
        """Lets go of the file."""
        self._database.close()
