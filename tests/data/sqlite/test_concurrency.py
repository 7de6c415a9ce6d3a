"""Many readers and one writer, of threads and of processes: nobody fails, nothing is lost, every read is whole."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from idiolect.core.errors import StoreError
from idiolect.core.types import Turn
from idiolect.data.sqlite import units
from idiolect.data.sqlite.store import SQLiteStore

APPENDER = """
import sys
from idiolect.core.types import Turn
from idiolect.data.sqlite.store import SQLiteStore
home, me = sys.argv[1:]
store = SQLiteStore(home)
for i in range(15):
    store.append("ann", [Turn(id=f"{me}.{i}.{j}", text=me) for j in range(2)])
    assert len(store.records("ann")) % 2 == 0
store.close()
"""


@pytest.fixture
def store(tmp_path: Path) -> SQLiteStore:
    return SQLiteStore(tmp_path / "home")


def test_threads_write_and_read_at_once(store: SQLiteStore) -> None:
    def write(me: int) -> None:
        for i in range(10):
            store.append("ann", [Turn(id=f"{me}.{i}.{j}", text="x") for j in range(2)])

    def read(_: int) -> bool:
        return all(len(store.records("ann")) % 2 == 0 for _ in range(40))

    with ThreadPoolExecutor(6) as pool:
        written = [pool.submit(write, me) for me in range(3)]
        assert all(pool.map(read, range(3)))
        for one in written:
            one.result()
    assert len(store.records("ann")) == 60
    store.close()


def test_processes_write_at_once(tmp_path: Path) -> None:
    home = tmp_path / "home"
    command = [sys.executable, "-c", APPENDER, str(home)]
    started = [subprocess.Popen([*command, f"{me}"], stderr=subprocess.PIPE, text=True) for me in range(2)]
    for process in started:
        _, said = process.communicate()
        assert process.returncode == 0, said
    store = SQLiteStore(home)
    assert len(store.records("ann")) == 60
    assert store.users() == ("ann",)
    store.close()


def test_a_reader_is_not_held_up_by_a_writer_and_sees_nothing_of_what_is_not_done(store: SQLiteStore) -> None:
    store.append("ann", [Turn(id="a", text="old")])
    with store.unit("ann") as unit:
        assert unit is not None
        with unit.writing() as connection:
            connection.execute("UPDATE record SET body = '{}'")
            with ThreadPoolExecutor(1) as pool:
                assert pool.submit(store.records, "ann").result(2) == (Turn(id="a", text="old"),)
            connection.execute("""UPDATE record SET body = '{"text": "old"}'""")
    store.close()


def test_a_user_whom_another_process_erased_is_a_stranger_here_too(store: SQLiteStore) -> None:
    store.append("ann", [Turn(id="a", text="old")])
    other = SQLiteStore(store.home)
    other.erase("ann")
    assert store.records("ann") == ()
    store.append("ann", [Turn(id="a", text="new")])
    assert other.records("ann") == (Turn(id="a", text="new"),)
    other.close()
    store.close()


def test_units_that_nobody_uses_are_closed_when_many_are_open(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(units, "MOST_OPEN", 3)
    for i in range(8):
        store.append(f"user{i}", [Turn(id="a", text=f"{i}")])
    assert len(store._open) == 3
    assert [store.records(f"user{i}")[0] for i in range(8)] == [Turn(id="a", text=f"{i}") for i in range(8)]
    store.close()


def test_a_closed_store_says_so(store: SQLiteStore) -> None:
    store.close()
    with pytest.raises(StoreError, match=r"closed\. Open the space again"):
        store.records("ann")


def test_nobody_can_write_through_a_reading_connection(store: SQLiteStore) -> None:
    store.append("ann", [Turn(id="a", text="old")])
    with store.unit("ann") as unit:
        assert unit is not None
        with pytest.raises(StoreError, match="ReadOnly"), unit.reading() as connection:
            connection.execute("DELETE FROM record")
    store.close()
