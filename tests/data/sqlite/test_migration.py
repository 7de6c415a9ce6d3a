"""Databases go forward, each step whole; what a newer version wrote is left alone."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from faulty import broken_off
from idiolect.core.errors import StoreError
from idiolect.core.types import Turn
from idiolect.data.sqlite.connection import Database, value, values
from idiolect.data.sqlite.schema import UNIT
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.retrieval import terms

OLD = ("CREATE TABLE said (id TEXT, text TEXT); INSERT INTO said VALUES ('a', 'one'), ('b', 'two')",)
REWRITTEN = """
ALTER TABLE said RENAME TO old;
CREATE TABLE said (id TEXT PRIMARY KEY, length INTEGER, text TEXT);
INSERT INTO said SELECT id, length(text), upper(text) FROM old;
DROP TABLE old;
"""
NEW = (*OLD, REWRITTEN, "CREATE INDEX by_length ON said (length)")


def content(path: Path) -> list[str]:
    connection = apsw.Connection(str(path))
    try:
        found: list[str] = values(connection, "SELECT text FROM said ORDER BY id")
        return found
    finally:
        connection.close()


def made(path: Path) -> Path:
    path.touch()
    Database(path, OLD).close()
    return path


def test_a_migration_rewrites_what_is_there(tmp_path: Path) -> None:
    path = made(tmp_path / "x.db")
    database = Database(path, NEW)
    with database.reading() as connection:
        assert value(connection, "PRAGMA user_version") == 3
        assert value(connection, "SELECT length FROM said WHERE text = 'ONE'") == 3
    database.close()


def test_a_migration_that_is_broken_off_anywhere_is_whole_or_not_begun_and_goes_on_later(tmp_path: Path) -> None:
    for _, path in broken_off(lambda k: made(tmp_path / f"{k}.db"), NEW):
        connection = apsw.Connection(str(path))
        version = connection.pragma("user_version")
        connection.close()
        assert content(path) == (["one", "two"] if version == 1 else ["ONE", "TWO"])
        Database(path, NEW).close()
        assert content(path) == ["ONE", "TWO"]


def test_a_newer_format_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = made(tmp_path / "x.db")
    Database(path, NEW).close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"its format is 3, this version of idiolect knows 1\. Install the newer"):
        Database(path, OLD)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["catalogue.db", "users/*/*/user.db"])
def test_a_newer_home_is_refused(tmp_path: Path, name: str) -> None:
    store = SQLiteStore(tmp_path / "home")
    store.append("ann", [Turn(id="a", text="x")])
    store.close()
    (path,) = (tmp_path / "home/spaces/default").glob(name)
    connection = apsw.Connection(str(path))
    connection.pragma("user_version", len(UNIT) + 1)
    connection.close()
    with pytest.raises(StoreError, match="Install the newer version again"):
        SQLiteStore(tmp_path / "home").records("ann")


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "home")
    store.append("ann", [Turn(id="a", text="x")])
    store.close()
    (path,) = (tmp_path / "home/spaces/default").glob("users/*/*/user.db")
    path.write_bytes(b"no database at all" * 100)
    store = SQLiteStore(tmp_path / "home")
    with pytest.raises(StoreError, match=r"user\.db: damaged"):
        store.records("ann")
    store.close()


def test_words_are_indexed_anew_when_they_are_split_in_another_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from idiolect.data.sqlite import lookup, rows, unit

    store = SQLiteStore(tmp_path / "home")
    store.append("ann", [Turn(id="a", text="one two")])
    store.close()
    for module in (unit, rows):
        monkeypatch.setattr(module, "VERSION", terms.VERSION + 1)
    monkeypatch.setattr(rows, "indexed", lambda text: [*terms.indexed(text), "three"])
    store = SQLiteStore(tmp_path / "home")
    with store.unit("ann") as opened:
        assert opened is not None
        with opened.reading() as connection:
            assert [n for n, _ in lookup.having_words(connection, "three", lookup.Wanted(moment=0.0), 5)] == [1]
    store.close()
