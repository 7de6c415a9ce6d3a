"""What the door keeps of a user, in ``door.db`` of his own folder, so that it goes when he goes.

Turns are kept as keyed hashes: a turn whose memory was erased does not come back when a client sends it again. Answers
name their sources by id and hold none of their words.
"""

from __future__ import annotations

import json
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from idiolect.applications.server.settings import Answers
from idiolect.data import answers
from idiolect.data.answers import FILE, STEPS
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.connection import Database, value, values
from idiolect.data.sqlite.store import SQLiteStore

OPEN, DAY = 128, 86400.0
PINS = "SELECT record FROM pin"


@dataclass(frozen=True, eq=False)
class Notes:
    """One user's. `salt` keys the hashes of what he said."""

    database: Database
    salt: bytes
    keep: Answers
    clock: Callable[[], float]

    def before(self, marks: Iterable[bytes]) -> tuple[set[bytes], frozenset[str]]:
        """(those of the marks that were seen, the records that are always shown)."""
        with self.database.reading() as connection:
            seen = {m for m in marks if value(connection, "SELECT 1 FROM seen WHERE mark = ?", m) is not None}
            return seen, frozenset(values(connection, PINS))

    def see(self, marks: Iterable[bytes]) -> None:
        """From now on they are known: on the disk with what is answered, which is the acknowledgement."""
        with self.database.writing(durable=False) as connection:
            connection.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(m,) for m in marks])

    def answered(self, body: dict[str, Any], records: Iterable[str], marks: Iterable[bytes]) -> str | None:
        """Keeps an answer, with the records that it rests on; gives its id. None where none are kept."""
        id = f"ans_{secrets.token_hex(12)}" if self.keep.days else None
        now = self.clock()
        with self.database.writing() as connection:
            connection.executemany("INSERT OR IGNORE INTO seen VALUES (?)", [(m,) for m in marks])
            old = values(connection, "SELECT id FROM answer WHERE created < ?", now - self.keep.days * DAY)
            newest = "SELECT id FROM answer ORDER BY created DESC LIMIT -1 OFFSET ?"
            self._forget(connection, [*old, *values(connection, newest, max(self.keep.most - 1, 0))])
            connection.execute("DELETE FROM once WHERE created < ?", (now - DAY,))
            if id is not None:
                connection.execute("INSERT INTO answer VALUES (?, ?, ?)", (id, now, json.dumps(body)))
                connection.executemany("INSERT OR IGNORE INTO used VALUES (?, ?)", [(r, id) for r in records])
        return id

    def answer(self, id: str) -> dict[str, Any] | None:
        """A stored answer with its id and time; None for what is none of his, or too old."""
        return next(iter(self._answers("WHERE id = ?", id)), None)

    def resting(self, answer: str) -> list[str]:
        """The records that an answer rests on."""
        with self.database.reading() as connection:
            return values(connection, "SELECT record FROM used WHERE answer = ?", answer)

    def answers(self, limit: int) -> list[dict[str, Any]]:
        """Stored answers, newest first."""
        return self._answers("ORDER BY created DESC LIMIT ?", limit)

    def erased(self, record: str) -> None:
        """A record went: the words and the explanations of answers that rest on it go, and their bytes."""
        with self.database.writing() as connection:
            answers.erased(connection, record)
        self.database.scrub()

    def unlearn(self) -> None:
        """All answers go; what was seen stays seen."""
        with self.database.writing() as connection:
            answers.unlearnt(connection)
        self.database.scrub()

    def pins(self) -> frozenset[str]:
        """The records that are always shown."""
        with self.database.reading() as connection:
            return frozenset(values(connection, PINS))

    def pin(self, record: str, on: bool) -> None:
        """Pins a record, or lets go of it."""
        change = "INSERT OR IGNORE INTO pin VALUES (?)" if on else "DELETE FROM pin WHERE record = ?"
        with self.database.writing() as connection:
            connection.execute(change, (record,))

    def once(self, key: str) -> tuple[str, dict[str, Any]] | None:
        """(hash of the request, response) of an idempotency key of the last day."""
        with self.database.reading() as connection:
            found: Any = connection.execute("SELECT request, response FROM once WHERE key = ?", (key,)).fetchone()
        return None if found is None else (found[0], json.loads(found[1]))

    def done(self, key: str, request: str, response: dict[str, Any]) -> None:
        """Keeps the response of an idempotency key."""
        with self.database.writing() as connection:
            row = (key, self.clock(), request, json.dumps(response))
            connection.execute("INSERT OR REPLACE INTO once VALUES (?, ?, ?, ?)", row)

    def _answers(self, where: str, *given: Any) -> list[dict[str, Any]]:
        oldest = self.clock() - self.keep.days * DAY
        with self.database.reading() as connection:
            found: Any = connection.execute(f"SELECT id, created, body FROM answer {where}", given).fetchall()
        return [{"answer_id": id, "created": t, **json.loads(body)} for id, t, body in found if t >= oldest]

    def _forget(self, connection: Any, answers: list[str]) -> None:
        for table, column in (("answer", "id"), ("used", "answer")):
            connection.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(a,) for a in answers])


class Notebook:
    """Notes of a space's users; those used last stay open."""

    def __init__(self, store: SQLiteStore, keep: Answers, clock: Callable[[], float] = time.time) -> None:
        self._store, self._keep, self._clock = store, keep, clock
        self._open: OrderedDict[Path, Database] = OrderedDict()
        self._lock = Lock()

    @contextmanager
    def of(self, user: str, *, make: bool = False) -> Iterator[Notes | None]:
        """His notes; None for a stranger, unless his folder is to be made."""
        with self._store.unit(user, make=make) as unit:
            if unit is None:
                yield None
            else:
                yield Notes(self._database(unit.path), unit.name.encode(), self._keep, self._clock)

    def drop(self, user: str) -> None:
        """Lets go of his file, before he is erased."""
        with self._store.unit(user) as unit:
            path = unit.path if unit else None
        with self._lock:
            database = self._open.pop(path, None) if path else None
        if database is not None:
            database.close()

    def close(self) -> None:
        """Lets go of all files."""
        with self._lock:
            while self._open:
                self._open.popitem()[1].close()

    def _database(self, path: Path) -> Database:
        with self._lock:
            if path not in self._open:
                self._open[path] = Database(folder.file(path / FILE), STEPS)
            self._open.move_to_end(path)
            old = [self._open.popitem(last=False)[1] for _ in range(len(self._open) - OPEN)]
            found = self._open[path]
        for database in old:
            database.close()
        return found
