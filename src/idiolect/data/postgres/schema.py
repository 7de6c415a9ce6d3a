"""Tables, policies and roles. A step that was released is never changed, a new one is added at the end.

    idiolect.person     who has which unit, by space; at `ends` the first of his records is to be erased
    idiolect.record     versions of records, hash partitions by unit; at `expires` all of a record's are erased
    idiolect.vector     sentence vectors, likewise, where the server has pgvector
    idiolect.known      what was understood of records up to a number, and what waits to be (`working`)
    idiolect.policy     the defaults of a space, as the text of its `space.toml`; the application only reads them
    idiolect.consent, .audit
    idiolect.receipt    what was erased and when, of users who are gone (`whole`) and of single records

All of it belongs to a role that nobody logs in as. The role of the application owns nothing and cannot bypass row-level
security, which is forced on every table and partition: a transaction sees the rows of ``idiolect.unit`` and the entries
of ``idiolect.space``, as it set them for itself, and without them nothing. Partitions cannot be named by it at all.

Ids are bytes, so that no collation makes two of them one; texts lie in JSON, as PostgreSQL's own cannot hold a NUL. No
statistics are kept of them, as those are copies of values.
"""

from __future__ import annotations

import re
from pathlib import Path

from idiolect.core.errors import BadInput, MissingExtra, StoreError
from idiolect.data import policy

try:
    import psycopg
    from psycopg import sql
except ImportError as error:
    raise MissingExtra("psycopg", "postgres") from error

OWNER, PARTS = "idiolect_owner", 16
ROLE = re.compile(r"[a-z_][a-z0-9_]{0,62}")
PRIVATE = {
    "person": ("id",),
    "record": ("id", "body", "metadata"),
    "vector": ("embedding",),
    "audit": ("actor",),
    "consent": ("purpose",),
    "known": ("body",),
}  # columns of which no statistics are kept

STEPS = (
    """
    CREATE TABLE idiolect.person (
      n bigint GENERATED ALWAYS AS IDENTITY, space text NOT NULL, id bytea NOT NULL, unit text NOT NULL UNIQUE,
      remember boolean NOT NULL DEFAULT true, PRIMARY KEY (space, id));
    CREATE TABLE idiolect.record (
      unit text NOT NULL, n bigint GENERATED ALWAYS AS IDENTITY, id bytea NOT NULL, version int NOT NULL,
      kind text NOT NULL, created double precision NOT NULL, time double precision NOT NULL,
      replaced double precision, body text NOT NULL, metadata text,
      PRIMARY KEY (unit, n), UNIQUE (unit, id, version)) PARTITION BY HASH (unit);
    CREATE TABLE idiolect.consent (unit text NOT NULL, purpose text NOT NULL, PRIMARY KEY (unit, purpose));
    CREATE TABLE idiolect.audit (
      unit text NOT NULL, n bigint GENERATED ALWAYS AS IDENTITY, time double precision NOT NULL, actor text NOT NULL,
      action text NOT NULL, purpose text NOT NULL, count int NOT NULL, PRIMARY KEY (unit, n));
    CREATE TABLE idiolect.receipt (
      unit text PRIMARY KEY, space text NOT NULL, began double precision NOT NULL, records int NOT NULL,
      purged double precision);
    """,
    """
    CREATE TABLE idiolect.known (unit text PRIMARY KEY, upto bigint NOT NULL, body text NOT NULL);
    """,
    """
    ALTER TABLE idiolect.record ADD COLUMN expires double precision;
    ALTER TABLE idiolect.person ADD COLUMN ends double precision;
    CREATE TABLE idiolect.policy (space text PRIMARY KEY, stated text NOT NULL);
    """,
    """
    ALTER TABLE idiolect.receipt DROP CONSTRAINT receipt_pkey;
    ALTER TABLE idiolect.receipt ADD COLUMN n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY;
    ALTER TABLE idiolect.receipt ADD COLUMN whole boolean NOT NULL DEFAULT true;
    """,
)
VECTOR = """
    CREATE TABLE IF NOT EXISTS idiolect.vector (
      unit text NOT NULL, n bigint NOT NULL, encoder text NOT NULL, embedding {type} NOT NULL,
      PRIMARY KEY (unit, n),
      FOREIGN KEY (unit, n) REFERENCES idiolect.record (unit, n) ON DELETE CASCADE) PARTITION BY HASH (unit);
    """
PARTED = ("record", "vector")
POLICY = "policy"
BY_UNIT, BY_SPACE = ("record", "vector", "consent", "audit", "known"), ("person", "receipt")
MINE = "unit = current_setting('idiolect.unit', true)"
OURS = "space = current_setting('idiolect.space', true)"


def install(owner: str, role: str) -> bool:
    """Makes or brings forward what the store needs; tells whether there are vectors (the server has pgvector).

    Args:
        owner: the address of the database, as somebody who may make roles, schemas and extensions.
        role: of the application; made without a password where it is missing (``ALTER ROLE ... PASSWORD`` gives one).

    Raises:
        BadInput: no name for a role.
        StoreError: the schema was made by a newer version, or the server refuses.
    """
    if not ROLE.fullmatch(role) or role == OWNER:
        raise BadInput(f"role {role!r}", "no name for a role", "Use small letters, digits and '_'.")
    try:
        with psycopg.connect(owner) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('idiolect'))")
            _roles(connection, role)
            vectors = _extension(connection)
            _migrate(connection)
            if vectors:
                connection.execute(sql.SQL(VECTOR).format(type=_halfvec(connection)))
                _partition(connection, "vector")
            for table in (*BY_UNIT, *BY_SPACE, POLICY):
                if table != "vector" or vectors:
                    _guard(connection, table, role)
    except psycopg.Error as error:
        raise StoreError("PostgreSQL", str(error).strip(), "Ask whoever runs the server for these rights.") from error
    return vectors


def govern(owner: str, space: str, path: Path) -> None:
    """Puts the defaults of a space on the server; whoever opens it from then on has them.

    Args:
        owner: the address of the database, as for `install`.
        path: of the TOML file, as `data.policy` reads it.

    Raises:
        BadInput, UnknownName: no such file, or no policy.
        StoreError: nothing is installed, or the server refuses.
    """
    if not path.is_file():
        raise BadInput(path, "there is no such file", "Write it as docs/governance.md shows.")
    policy.read(path)
    put = "INSERT INTO idiolect.policy VALUES (%s, %s) ON CONFLICT (space) DO UPDATE SET stated = excluded.stated"
    try:
        with psycopg.connect(owner) as connection:
            connection.execute("SELECT set_config('idiolect.space', %s, true)", (space,))
            connection.execute(put, (space, path.read_text(encoding="utf-8")))
    except psycopg.Error as error:
        raise StoreError("PostgreSQL", str(error).strip(), "Install it first, and ask for these rights.") from error


def version(connection: psycopg.Connection) -> int:
    """How many steps were made; 0 where nothing is installed."""
    row = connection.execute("SELECT to_regclass('idiolect.step') IS NOT NULL").fetchone()
    if row is None or not row[0]:
        return 0
    found = connection.execute("SELECT count(*) FROM idiolect.step").fetchone()
    return int(found[0]) if found else 0


def _roles(connection: psycopg.Connection, role: str) -> None:
    for name, login in ((OWNER, "NOLOGIN"), (role, "LOGIN")):
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is None:
            rights = sql.SQL(f"{login} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION")
            connection.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), rights))
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS idiolect AUTHORIZATION {OWNER}")
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA idiolect TO {}").format(sql.Identifier(role)))
    connection.execute("CREATE TABLE IF NOT EXISTS idiolect.step (n int PRIMARY KEY)")
    connection.execute(sql.SQL("GRANT SELECT ON idiolect.step TO {}").format(sql.Identifier(role)))


def _extension(connection: psycopg.Connection) -> bool:
    there = connection.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'").fetchone()
    if there is not None:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector")
    return there is not None


def _halfvec(connection: psycopg.Connection) -> sql.Composable:
    """The type, by the schema in which the extension was made."""
    row = connection.execute(
        "SELECT nspname FROM pg_type JOIN pg_namespace s ON s.oid = typnamespace WHERE typname = 'halfvec'"
    ).fetchone()
    assert row is not None
    return sql.Identifier(row[0], "halfvec")


def _migrate(connection: psycopg.Connection) -> None:
    made = version(connection)
    if made > len(STEPS):
        what = f"its format is {made}, this version of idiolect knows {len(STEPS)}"
        raise StoreError("PostgreSQL", what, "Install the newer version again; nothing was changed.")
    for number in range(made, len(STEPS)):
        connection.execute(STEPS[number].encode())
        connection.execute("INSERT INTO idiolect.step VALUES (%s)", (number + 1,))
    _partition(connection, "record")


def _partition(connection: psycopg.Connection, table: str) -> None:
    for n in range(PARTS):
        name = sql.Identifier("idiolect", f"{table}_{n}")
        made = "CREATE TABLE IF NOT EXISTS {} PARTITION OF {} FOR VALUES WITH (MODULUS {}, REMAINDER {})"
        connection.execute(sql.SQL(made).format(name, sql.Identifier("idiolect", table), PARTS, n))
        for statement in ("ALTER TABLE {} ENABLE ROW LEVEL SECURITY", "ALTER TABLE {} FORCE ROW LEVEL SECURITY"):
            connection.execute(sql.SQL(statement).format(name))
        connection.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(name, sql.Identifier(OWNER)))


def _guard(connection: psycopg.Connection, table: str, role: str) -> None:
    for part in (table, *(f"{table}_{n}" for n in range(PARTS if table in PARTED else 0))):
        for column in PRIVATE.get(table, ()):
            quiet = sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET STATISTICS 0")
            connection.execute(quiet.format(sql.Identifier("idiolect", part), sql.Identifier(column)))
    name, seen = sql.Identifier("idiolect", table), MINE if table in BY_UNIT else f"{OURS} OR {MINE}"
    seen = OURS if table == POLICY else seen
    for statement in (
        "ALTER TABLE {} ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE {} FORCE ROW LEVEL SECURITY",
        "DROP POLICY IF EXISTS own ON {}",
        f"CREATE POLICY own ON {{}} USING ({seen}) WITH CHECK ({MINE if table in BY_UNIT else OURS})",
        f"ALTER TABLE {{}} OWNER TO {OWNER}",
        "REVOKE ALL ON {} FROM PUBLIC",
    ):
        connection.execute(sql.SQL(statement).format(name))
    granted = f"GRANT {'SELECT' if table == POLICY else 'SELECT, INSERT, UPDATE, DELETE'} ON {{}} TO {{}}"
    connection.execute(sql.SQL(granted).format(name, sql.Identifier(role)))
