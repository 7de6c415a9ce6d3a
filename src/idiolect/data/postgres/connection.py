"""Connections under a role that owns nothing; every transaction takes on an identity, which ends with it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import psycopg

from idiolect.core.errors import IdiolectError, StoreError
from idiolect.data.postgres.schema import STEPS, version

MOST_IDLE = 8
AGAIN = "Do it again; if it stays so, look at the server."
RIGHTS = """
    SELECT rolsuper OR rolbypassrls
        OR EXISTS (SELECT 1 FROM pg_class WHERE relnamespace = 'idiolect'::regnamespace AND relowner = r.oid)
        OR EXISTS (SELECT 1 FROM pg_auth_members WHERE member = r.oid)
    FROM pg_roles r WHERE rolname = current_user
"""


class Pool:
    """Connections to one database, made as they are needed. Nothing waits in them between two transactions.

    Args:
        url: of the database, as the application's role.

    Raises:
        StoreError: no server, nothing installed, a newer schema, or a role with too many rights.
    """

    def __init__(self, url: str) -> None:
        self._url, self._idle, self._lock = url, list[psycopg.Connection](), Lock()
        self._process, self._closed = os.getpid(), False
        with reported(), self._taken() as connection, connection.transaction():
            _check(connection)

    @contextmanager
    def acting(self, *, space: str, unit: str = "", durable: bool = True) -> Iterator[psycopg.Connection]:
        """A transaction that sees one space's entries and one unit's rows: all of it or nothing.

        Args:
            unit: empty where no user's rows are wanted.
            durable: whether it is on the server's disk when this returns.
        """
        with reported(), self._taken() as connection, connection.transaction():
            connection.execute("SELECT set_config('idiolect.space', %s, true)", (space,))
            become(connection, unit)
            if not durable:
                connection.execute("SET LOCAL synchronous_commit = off")
            yield connection

    def close(self) -> None:
        """Ends all connections."""
        with self._lock:
            self._closed = True
            while self._idle:
                connection = self._idle.pop()
                if os.getpid() == self._process:
                    connection.close()

    @contextmanager
    def _taken(self) -> Iterator[psycopg.Connection]:
        if self._closed or os.getpid() != self._process:
            raise StoreError("PostgreSQL", "closed, or opened before a fork", "Open the store again in each process.")
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        connection = connection or psycopg.connect(self._url, autocommit=True, prepare_threshold=None)
        try:
            yield connection
        except BaseException:
            connection.close()  # whatever state it is in
            raise
        with self._lock:
            if len(self._idle) < MOST_IDLE and not self._closed:
                self._idle.append(connection)
                return
        connection.close()


def become(connection: psycopg.Connection, unit: str) -> None:
    """Takes on the identity of a unit until the transaction ends."""
    connection.execute("SELECT set_config('idiolect.unit', %s, true)", (unit,))


@contextmanager
def reported() -> Iterator[None]:
    """What the server refuses, as our own error; never with the values that were sent."""
    try:
        yield
    except IdiolectError:
        raise
    except psycopg.Error as error:
        what = error.diag.message_primary or type(error).__name__
        raise StoreError("PostgreSQL", what, AGAIN) from error


def _check(connection: psycopg.Connection) -> None:
    made = version(connection)
    if made != len(STEPS):
        what = f"its format is {made}, this version of idiolect knows {len(STEPS)}"
        fix = "Run data.postgres.schema.install as its owner." if made < len(STEPS) else "Install the newer version."
        raise StoreError("PostgreSQL", what, fix)
    row = connection.execute(RIGHTS).fetchone()
    if row is None or row[0]:
        fix = "Connect as the role that `install` made, or one like it."
        raise StoreError("PostgreSQL", "this role could pass by row-level security", fix)
