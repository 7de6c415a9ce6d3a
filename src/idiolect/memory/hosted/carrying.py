"""A user in PostgreSQL as a folder that can be carried away, and back: the same folder as of one on disk."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from idiolect.core.errors import ConsentError
from idiolect.data.postgres.store import PostgresStore
from idiolect.data.postgres.working import Working
from idiolect.data.sqlite import rows
from idiolect.data.sqlite.unit import setting
from idiolect.data.store import named
from idiolect.memory import portable
from idiolect.memory.facts import table
from idiolect.memory.portable import Tell, untold


def carry(store: PostgresStore, user: str, path: Path, *, actor: str = "store", tell: Tell = untold) -> int:
    """As `portable.export`, of a user in PostgreSQL; gives the number of records, of all versions.

    Args:
        actor: stands in the audit trail for whoever asks.
    """
    if user not in store.users():
        return portable.write(path, [], None, remember=store.remembered(user))
    with closing(Working(store, user)) as unit:
        unit.expire()
        with unit.reading() as connection:
            found, decided = rows.everything(connection), table.decisions(connection)
        unit.note(actor, "export", count=len(found))
        unit.record()
    consents, remember = sorted(store.consents(user)), store.remembered(user)
    count = portable.write(path, found, consents, remember=remember, reinstated=decided, tell=tell)
    portable.note(path, store.audit(user))
    return count


def bring(store: PostgresStore, user: str, path: Path, *, actor: str = "store", tell: Tell = untold) -> int:
    """Reads what `portable.export` wrote into PostgreSQL, but for what methods learnt; gives how many versions are new.

    Raises:
        BadInput: a folder that is damaged, or an id that another record of his has.
        ConsentError: he does not want to be remembered.
    """
    manifest, given = portable.read(path)
    with closing(Working(store, named(user))) as unit, unit.writing(make=True) as connection:
        if given and setting(connection, "remember") == 0:
            raise ConsentError(f"user {user!r} does not want to be remembered. {portable.ASK}")
        if manifest.get("consents") is not None and not rows.everything(connection):
            unit.allow(manifest["consents"])
        new = portable.enter(connection, manifest, given, user, now=store.clock(), tell=tell)
        if not (manifest.get("remember", True) or rows.current(connection)):
            connection.execute("INSERT OR REPLACE INTO meta VALUES ('remember', 0)")
        unit.changed(connection, actor, "import", count=new)
    return new
