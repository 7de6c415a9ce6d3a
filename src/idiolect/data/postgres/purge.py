"""Taking the bytes of users and records that were erased out of the server's files.

PostgreSQL keeps what was deleted in its tables until they are rewritten, and in its log until that is switched and its
files are removed, which they are only where the server does not use them again (``wal_recycle = off``). Replicas,
archives of the log and copies of the data directory are not reached.
"""

from __future__ import annotations

import psycopg

from idiolect.core.errors import StoreError
from idiolect.data.postgres.connection import reported
from idiolect.data.postgres.store import PostgresStore

SWITCHES = 3  # of the log: a checkpoint may keep the file before the one that it began in
SETTINGS = {"wal_recycle": "off", "wal_init_zero": "on"}
CATALOGUE = ("pg_statistic", "pg_statistic_ext_data")


def purge(store: PostgresStore, owner: str) -> int:
    """Rewrites the tables, empties the log and closes the receipts that were open; gives how many.

    Args:
        owner: the address of the database, as a superuser.

    Raises:
        StoreError: the server uses the files of its log again, or refuses.
    """
    waiting = [receipt.n for receipt in store.receipts() if receipt.purged is None]
    with reported(), psycopg.connect(owner, autocommit=True) as connection:
        for name, wanted in SETTINGS.items():
            row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
            if row is None or row[0] != wanted:
                fix = f"Set {name} = {wanted} on the server and reload it."
                raise StoreError("PostgreSQL", f"{name} is {row[0] if row else 'unknown'}", fix)
        query = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'idiolect'"
        for (table,) in connection.execute(query).fetchall():
            connection.execute(f"VACUUM (FULL) {table}".encode())
        for table in CATALOGUE:
            connection.execute(f"VACUUM (FULL) pg_catalog.{table}".encode())
        for _ in range(SWITCHES):
            connection.execute("SELECT pg_switch_wal()")
            connection.execute("CHECKPOINT")
    with store.pool.acting(space=store.space) as connection:
        note = "UPDATE idiolect.receipt SET purged = %s WHERE n = ANY(%s)"
        connection.execute(note, (store.clock(), waiting))
    return len(waiting)
