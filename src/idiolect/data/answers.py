"""What a service answered a user, in ``door.db`` of his own folder: it goes with him, and its words with their sources.

`seen` holds keyed hashes of turns, `answer` what was answered, `used` the records that an answer rests on, `pin` the
records that are always shown, `once` the responses that a repeated request is given again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from idiolect.data.sqlite.connection import Connection, Database, values

FILE = "door.db"
BARE = ("model", "pipeline", "methods", "strength")  # what is left of an answer when a source of it was erased
STEPS = (
    """
    CREATE TABLE seen (mark BLOB PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE answer (id TEXT PRIMARY KEY, created REAL NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
    CREATE INDEX answered ON answer (created);
    CREATE TABLE used (record TEXT NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (record, answer)) WITHOUT ROWID;
    CREATE TABLE pin (record TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE once (key TEXT PRIMARY KEY, created REAL NOT NULL, request TEXT NOT NULL, response TEXT NOT NULL)
      WITHOUT ROWID;
    """,
)


def erased(connection: Connection, record: str) -> None:
    """A record went: the words and the explanations of answers that rest on it go."""
    _strip(connection, record, before=math.inf)
    connection.execute("DELETE FROM once")  # a replayed response would hold the same words
    connection.execute("DELETE FROM pin WHERE record = ?", (record,))


def unlearnt(connection: Connection) -> None:
    """All answers go; what was seen stays seen."""
    for table in ("answer", "used", "pin", "once"):
        connection.execute(f"DELETE FROM {table}")


def bodies(place: Path) -> list[str]:
    """What was answered in a user's folder, and what would be answered again, as JSON."""
    return _all(place, "SELECT body FROM answer UNION ALL SELECT response FROM once")


def ids(place: Path) -> list[str]:
    """Ids of all answers in a user's folder."""
    return _all(place, "SELECT id FROM answer")


def settle(place: Path, alive: Mapping[str, float]) -> bool:
    """Takes the words that rest on records which are gone out of the answers in a user's folder, and out of its bytes.

    Args:
        place: his folder; one in which nothing was answered is left alone.
        alive: by id of his records, since when the oldest version that is left was said (POSIX seconds), 0 for the
            first; where there are none, all answers go.

    Returns:
        False where others' reads did not let the bytes go yet.
    """
    if not (place / FILE).exists():
        return True
    database = Database(place / FILE, STEPS)
    try:
        with database.writing() as connection:
            if not alive:
                unlearnt(connection)
            connection.execute("DELETE FROM once")
            for record in values(connection, "SELECT record FROM used UNION SELECT record FROM pin"):
                if record in alive:
                    _strip(connection, record, before=alive[record])
                else:
                    erased(connection, record)
        return database.scrub()
    finally:
        database.close()


def _all(place: Path, query: str) -> list[str]:
    if not (place / FILE).exists():
        return []
    database = Database(place / FILE, STEPS)
    try:
        with database.reading() as connection:
            return values(connection, query)
    finally:
        database.close()


def _strip(connection: Connection, record: str, *, before: float) -> None:
    """Takes the words out of older answers that rest on a record."""
    resting = "SELECT id, body FROM answer WHERE created < ? AND id IN (SELECT answer FROM used WHERE record = ?)"
    for id, body in connection.execute(resting, (before, record)).fetchall():
        bare = {name: part for name, part in json.loads(str(body)).items() if name in BARE}
        connection.execute("UPDATE answer SET body = ? WHERE id = ?", (json.dumps(bare), id))
        connection.execute("DELETE FROM used WHERE answer = ?", (id,))
