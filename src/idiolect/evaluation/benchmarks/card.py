"""What a benchmark says of itself, and where its files are."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.readers import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Literals only.

    Args:
        source: the official place; `version` the commit or release whose format is read.
        split: which part is measured. protocol: what is measured, and how.
        files: what has to lie in the folder; each may end in .gz besides.
        model: true where the task cannot be done without a generating model, so that only its inputs are read here.
        tolerance: how far a number may lie from its published one before it is said to differ.
    """

    title: str
    source: str
    version: str
    licence: str
    split: str
    protocol: str
    files: tuple[str, ...]
    model: bool = False
    tolerance: float = 0.005

    def find(self, folder: Path, name: str) -> Path:
        """The file of that name, packed or not.

        Raises:
            BadInput: it is not there; says where it comes from.
        """
        for path in (folder / name, folder / f"{name}.gz"):
            if path.is_file():
                return path
        raise BadInput(folder / name, "there is no such file", f"It comes from {self.source}, version {self.version}")

    def marks(self, folder: Path) -> dict[str, str]:
        """By file, what tells its version: 16 hex digits of the sha256 of its text, unpacked, however its lines end.

        Raises:
            BadInput: as `find`, or a file is no text.
        """
        return {name: mark(text.whole(self.find(folder, name))) for name in self.files}

    def document(self, folder: Path, name: str) -> Any:
        """A whole file of JSON."""
        return text.document(self.find(folder, name))

    def lines(self, folder: Path, name: str) -> Iterator[tuple[str, Any]]:
        """(place, value) of each line of a file of JSON lines."""
        return text.lines(self.find(folder, name))

    def table(self, folder: Path, name: str, *columns: str) -> list[dict[str, str]]:
        """The rows of a CSV file.

        Raises:
            BadInput: a column is missing, or a row has more or fewer fields than the header.
        """
        path = self.find(folder, name)
        reader = csv.DictReader(io.StringIO(text.whole(path), newline=""), restkey="", restval=None)
        if missing := [c for c in columns if c not in (reader.fieldnames or ())]:
            raise BadInput(path, f"the column {missing[0]!r} is missing", f"Take the file of version {self.version}")
        rows = []
        for row in reader:
            if "" in row or None in row.values():
                raise BadInput(f"{path}, line {reader.line_num}", "too few or too many fields", "Fetch the file again")
            rows.append(row)
        return rows


def mark(said: str) -> str:
    """What tells one text from another, however its lines end."""
    return hashlib.sha256(said.replace("\r\n", "\n").encode()).hexdigest()[:16]


def digest(said: str) -> int:
    """The md5 of a text as a number: what sets are split by, so that everybody has the same split."""
    return int(hashlib.md5(said.encode(), usedforsecurity=False).hexdigest(), 16)


def folded(name: str, folds: int = 5) -> int:
    """Which of so many parts a user falls into."""
    return digest(f"fold/{name}") % folds
