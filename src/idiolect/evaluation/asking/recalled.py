"""What a server has answered once is not asked of it again: a run that broke off, or that is repeated, costs nothing.

One SQLite file a model, `<cache>/<digest of address and name>.sqlite`. An answer is found by what was sent: messages,
sampling, how many texts, and where it was drawn the seed. Kept are a digest of these, the texts, and how long they
took; no prompt. Whoever deletes the file or the folder has everything asked anew.

Only what a server says is kept. What a local model says depends on weights that methods train, and costs nobody money.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.model import Around, Model, needs
from idiolect.core.requests import Ask, Key, Request
from idiolect.models.scripted import conversation

PART = 32  # answers on their way at once, and lost where a run breaks off
PATIENCE = 60.0  # seconds to wait for another process that writes
TABLE = "CREATE TABLE IF NOT EXISTS answers (asked TEXT PRIMARY KEY, texts TEXT NOT NULL, milliseconds REAL NOT NULL)"


class Recalled(Around):
    """A served model that asks nothing twice.

    Attributes:
        recalled: (n,) of the requests answered last, whether each was known.
        saved: seconds that all that was known took when it was asked, so that no time is given as that of a look-up.
    """

    def __init__(self, model: Model, folder: Path) -> None:
        """
        Raises:
            BadInput: the folder cannot be written, or the file in it is no cache.
        """
        super().__init__(model)
        self._path = folder / f"{model.digest}.sqlite"
        self.recalled: tuple[bool, ...] = ()
        self.saved = 0.0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.touch(mode=0o600)  # answers tell of people
            with closing(self._open()) as file, file:
                file.execute(TABLE)
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error

    def __getattr__(self, name: str) -> Any:  # what is read of the model itself
        return getattr(self._model, name)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Texts for an `Ask` that text alone answers, known or asked for; all else goes to the model."""
        if not all(_plain(r) for r in requests):
            self.recalled = (False,) * len(requests)
            return super().answer(requests, keys)
        asked = [_asked(r, k) for r, k in zip(requests, keys, strict=True) if isinstance(r, Ask)]
        found = self._known(asked)
        self.recalled = tuple(a in found for a in asked)
        self.saved += sum(found[a][1] for a in asked if a in found) / 1000
        new = list({a: n for n, a in enumerate(asked) if a not in found}.values())
        for start in range(0, len(new), PART):
            part = new[start : start + PART]
            began = time.perf_counter()
            texts = super().answer([requests[n] for n in part], [keys[n] for n in part])
            each = (time.perf_counter() - began) * 1000 / len(part)
            made = {asked[n]: (tuple(t), each) for n, t in zip(part, texts, strict=True)}
            self._keep(made)
            found |= made
        return [found[a][0] for a in asked]

    def _known(self, asked: Sequence[str]) -> dict[str, tuple[tuple[str, ...], float]]:
        """(texts, milliseconds) of what was asked before."""
        find = "SELECT texts, milliseconds FROM answers WHERE asked = ?"
        found = {}
        try:
            with closing(self._open()) as file:
                for name in dict.fromkeys(asked):
                    if row := file.execute(find, (name,)).fetchone():
                        found[name] = (tuple(json.loads(row[0])), float(row[1]))
        except (sqlite3.Error, ValueError) as error:
            raise self._broken(error) from error
        return found

    def _keep(self, made: dict[str, tuple[tuple[str, ...], float]]) -> None:
        rows = [(name, json.dumps(texts), milliseconds) for name, (texts, milliseconds) in made.items()]
        try:
            with closing(self._open()) as file, file:
                file.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def _open(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=PATIENCE)

    def _broken(self, error: Exception) -> BadInput:
        fix = 'Delete that file, or name another folder under `cache` (cache = "" keeps nothing)'
        return BadInput(self._path, f"answers cannot be kept there ({error})", fix)


def _plain(request: Request) -> bool:
    """Whether all that bears on its answer is sent: else one that was given without it would be taken for it."""
    if not isinstance(request, Ask) or needs(request) > Access.TEXT:
        return False
    return all(s.model == "base" for s in request.idiolect.streams)


def _asked(ask: Ask, key: Key) -> str:
    """A digest of all that a server is sent."""
    s = ask.sampling
    sent = {
        "messages": [(m.role, m.content) for m in conversation(ask)],
        "sampling": (s.max_tokens, s.temperature, s.top_p, s.stop),
        "texts": ask.n,
        "seed": key.derive("sample") if s.temperature else None,
    }
    return hashlib.sha256(json.dumps(sent, ensure_ascii=False).encode("utf-8", "surrogatepass")).hexdigest()
