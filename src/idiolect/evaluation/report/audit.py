"""What anybody needs to check a report: what was answered and by whose data, what is missing, what the files are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.evaluation.ledger import FULL, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """The answers of one arm at one length of history; `own_data`: how many were given under the asker's data;
    `recalled`: how many a server had given before."""

    arm: str
    history: int
    answers: int
    methods: int
    users: int
    own_data: int
    recalled: int
    empty: int
    missing: int

    @property
    def length(self) -> str:
        """The history in words."""
        return "all" if self.history == FULL else str(self.history)


def counts(examples: Sequence[Line]) -> list[Count]:
    """By arm and history. missing: questions that the arm "own" has of the same methods and tasks, and this has not."""
    cells: dict[tuple[str, int], list[Line]] = {}
    for e in examples:
        cells.setdefault((e["arm"], e.get("history", FULL)), []).append(e)
    asked: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for e in cells.get(("own", FULL), ()):
        asked.setdefault((e["method"], e["task"]), set()).add((e["user"], e["query"]))
    return [_count(*key, lines, asked) for key, lines in cells.items()]


def _count(arm: str, history: int, lines: list[Line], asked: dict[tuple[str, str], set[tuple[str, str]]]) -> Count:
    there: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for e in lines:
        there.setdefault((e["method"], e["task"]), set()).add((e["user"], e["query"]))
    return Count(
        arm=arm,
        history=history,
        answers=len(lines),
        methods=len({e["method"] for e in lines}),
        users=len({e["user"] for e in lines}),
        own_data=sum(e.get("data_of", "") == e["user"] for e in lines),
        recalled=sum(bool(e.get("recalled")) for e in lines),
        empty=sum(not e["prediction"].strip() for e in lines),
        missing=sum(len(asked.get(key, set()) - found) for key, found in there.items()),
    )


def files(paths: Iterable[Path]) -> list[tuple[str, int, str]]:
    """(name, bytes, sha256) of each file that is there."""
    found = []
    for path in paths:
        if path.is_file():
            with path.open("rb") as file:
                found.append((path.name, path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()))
    return found
