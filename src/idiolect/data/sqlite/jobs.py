"""What waits to be done with a record: a durable queue in the user's own unit.

A job is written in the transaction of its record, so that neither is there without the other. One that fails is tried
again after 30, 60, 120, ... seconds, and lies dead after `MOST` tries until somebody revives it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from idiolect.data.sqlite.connection import Connection, value

MOST = 5  # tries
BACKOFF = 30.0  # seconds, doubled with each try


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """`record` is an n; `due` in POSIX seconds; `error` names the kind of what went wrong, never a text."""

    n: int
    kind: str
    record: int
    tries: int
    due: float
    dead: bool
    error: str | None


def enqueue(connection: Connection, kind: str, record: int) -> None:
    """Due at once; a job that is there stays one."""
    connection.execute("INSERT OR IGNORE INTO job (kind, record, due) VALUES (?, ?, 0)", (kind, record))


def due(connection: Connection, now: float, most: int) -> list[Job]:
    """Jobs whose time has come, oldest first."""
    return _jobs(connection, "WHERE NOT dead AND due <= ? ORDER BY n LIMIT ?", now, most)


def everything(connection: Connection) -> list[Job]:
    """All that wait or lie dead."""
    return _jobs(connection, "ORDER BY n")


def done(connection: Connection, job: Job) -> None:
    connection.execute("DELETE FROM job WHERE n = ?", (job.n,))


def failed(connection: Connection, job: Job, error: BaseException, now: float) -> None:
    """Later again, or dead."""
    tries = job.tries + 1
    values = (tries, now + BACKOFF * 2**job.tries, tries >= MOST, type(error).__name__, job.n)
    connection.execute("UPDATE job SET tries = ?, due = ?, dead = ?, error = ? WHERE n = ?", values)


def revive(connection: Connection) -> int:
    """Makes the dead due again; gives how many."""
    count = value(connection, "SELECT count(*) FROM job WHERE dead") or 0
    connection.execute("UPDATE job SET dead = 0, tries = 0, due = 0 WHERE dead")
    return int(count)


def drop(connection: Connection, record: int) -> None:
    """Nothing is left to do with a record that goes."""
    connection.execute("DELETE FROM job WHERE record = ?", (record,))


def attempt(connection: Connection, job: Job, work: Callable[[Connection, int], None], now: float) -> bool:
    """Does one job; what it wrote before it failed is taken back. Tells whether it is done."""
    connection.execute("SAVEPOINT job")
    try:
        work(connection, job.record)
    except Exception as error:
        connection.execute("ROLLBACK TO job")
        failed(connection, job, error, now)
        return False
    else:
        done(connection, job)
        return True
    finally:
        connection.execute("RELEASE job")


def _jobs(connection: Connection, condition: str, *given: Any) -> list[Job]:
    names = ("n", "kind", "record", "tries", "due", "dead", "error")
    found: Any = connection.execute(f"SELECT {', '.join(names)} FROM job {condition}", given).fetchall()
    return [Job(**{**dict(zip(names, row, strict=True)), "dead": bool(row[5])}) for row in found]
