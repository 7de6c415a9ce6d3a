"""The tables, as migrations: a step that was released is never changed, a new one is added at the end.

A record's row: `n` counts and is never used again; `version` 1, 2, ... under one `id`, which was `created` with the
first; `replaced` tells when another version took its place; `began` and `ended` bound what it says (POSIX seconds,
`ended` empty where open); at `expires` all versions are erased, and `user.ends` is no later than the first of a user's.
The words stand in FTS5 without the text, split by `retrieval.terms`; `meta` notes by which
version of it.

A text has a row of `vector` for each of its pieces. `job` is what waits to be done with a record, `fact` what was taken
from records (`source`): `by` is the fact that took its place, `reason` why; `same` says which record said a thing
first. `receipt.sought` holds the hashes of what is to be looked for, until nothing of it is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from idiolect.core.errors import StoreError

if TYPE_CHECKING:
    from apsw import Connection

PAGE = 1024  # bytes: a user has many small tables, and each begins a page
WAL = b"\2\2"  # in a file's header: its changes go to a log
UNIT = (
    """
    CREATE TABLE record (
      n INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL,
      version INTEGER NOT NULL,
      kind TEXT NOT NULL,
      created REAL NOT NULL,
      time REAL NOT NULL,
      began REAL NOT NULL,
      ended REAL,
      replaced REAL,
      body TEXT NOT NULL,
      metadata TEXT
    );
    CREATE UNIQUE INDEX named ON record (id, version);
    CREATE VIRTUAL TABLE word USING fts5 (terms, content='', tokenize='porter ascii');
    INSERT INTO word (word, rank) VALUES ('secure-delete', 1);
    CREATE TABLE vector (n INTEGER PRIMARY KEY, place INTEGER NOT NULL UNIQUE);
    CREATE TABLE consent (purpose TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE audit (
      n INTEGER PRIMARY KEY,
      time REAL NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      purpose TEXT NOT NULL,
      record INTEGER,
      count INTEGER NOT NULL
    );
    CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE vector RENAME TO single;
    CREATE TABLE vector (place INTEGER PRIMARY KEY, n INTEGER NOT NULL);
    CREATE INDEX pieces ON vector (n);
    INSERT INTO vector SELECT place, n FROM single;
    DROP TABLE single;
    CREATE TABLE job (
      n INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      record INTEGER NOT NULL,
      tries INTEGER NOT NULL DEFAULT 0,
      due REAL NOT NULL,
      dead INTEGER NOT NULL DEFAULT 0,
      error TEXT,
      UNIQUE (kind, record)
    );
    CREATE TABLE fact (
      n INTEGER PRIMARY KEY AUTOINCREMENT,
      kind TEXT NOT NULL,
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      said REAL NOT NULL,
      valid_from REAL NOT NULL,
      valid_to REAL,
      reason TEXT,
      by INTEGER,
      sensitive TEXT
    );
    CREATE INDEX slot ON fact (kind, key);
    CREATE TABLE source (
      fact INTEGER NOT NULL,
      record INTEGER NOT NULL,
      PRIMARY KEY (fact, record)
    ) WITHOUT ROWID;
    CREATE INDEX said ON source (record);
    CREATE TABLE same (record INTEGER PRIMARY KEY, first INTEGER NOT NULL);
    INSERT INTO job (kind, record, due) SELECT 'facts', n, 0 FROM record WHERE kind = 'turn' AND replaced IS NULL;
    """,
    """
    ALTER TABLE record ADD COLUMN expires REAL;
    CREATE INDEX ending ON record (expires) WHERE expires IS NOT NULL;
    """,
)

CATALOGUE = (
    """
    CREATE TABLE user (
      n INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      key TEXT NOT NULL UNIQUE
    );
    CREATE TABLE receipt (
      unit TEXT PRIMARY KEY,
      began REAL NOT NULL,
      records INTEGER NOT NULL,
      removed REAL,
      closed REAL,
      bytes INTEGER NOT NULL DEFAULT 0,
      searched INTEGER NOT NULL DEFAULT 0,
      residue INTEGER
    ) WITHOUT ROWID;
    """,
    "ALTER TABLE receipt ADD COLUMN sought BLOB;",
    """
    ALTER TABLE user ADD COLUMN ends REAL;
    CREATE INDEX ending ON user (ends) WHERE ends IS NOT NULL;
    """,
)


def migrate(connection: Connection, steps: Sequence[str], where: object) -> None:
    """Brings a database forward, each step whole or not at all.

    Raises:
        StoreError: it was written by a newer version.
    """
    version = int(connection.pragma("user_version"))
    if version > len(steps):
        what = f"its format is {version}, this version of idiolect knows {len(steps)}"
        raise StoreError(where, what, "Install the newer version again; nothing was changed.")
    if version == len(steps):
        return
    connection.execute("PRAGMA journal_mode=WAL")
    for number in range(version, len(steps)):
        connection.execute("BEGIN IMMEDIATE")
        try:
            if int(connection.pragma("user_version")) == number:  # another process may have been here
                connection.execute(steps[number])
                connection.execute(f"PRAGMA user_version={number + 1}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


@cache
def blank(steps: tuple[str, ...]) -> bytes:
    """The file of a database after its migrations, in which nothing is yet: quicker to write than to make anew."""
    from apsw import Connection

    connection = Connection(":memory:")
    connection.execute(f"PRAGMA page_size={PAGE}")
    migrate(connection, steps, "memory")
    image = bytearray(connection.serialize("main"))
    image[18:20] = WAL
    return bytes(image)
