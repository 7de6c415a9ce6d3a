"""Disks that fail: whatever call it is, the old state or the new one is there, and the error is ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from faulty import NAME, Disk
from idiolect.core.errors import StoreError
from idiolect.core.types import Record, Turn
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.connection import Database, values
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.store import DEFAULT_CONSENTS
from idiolect.memory.space import Space
from memory_doubles import Letters

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # SQLite closing on such a disk

State = dict[str, tuple[tuple[Record, ...], frozenset[str]]]
STEPS: list[Callable[[Space], object]] = [
    lambda space: space.store.append("ann", [Turn(id=f"{i}", text=f"word{i} " * 40) for i in range(40)]),
    lambda space: space.store.append("bob", [Turn(id="b", text="bob's")]),
    lambda space: space.user("ann").update("3", "corrected"),
    lambda space: space.user("ann").delete("5"),
    lambda space: space.user("ann").flush(),
    lambda space: space.store.consent("bob", "share"),
    lambda space: space.user("bob").erase(),
    lambda space: space.store.append("ann", [Turn(id="z", text="last")]),
]


@pytest.fixture(scope="module")
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.unregister()


def opened(home: Path, vfs: str | None = None) -> Space:
    return Space(SQLiteStore(home, vfs=vfs, clock=lambda: 1e9), encoder=Letters(), actor="test")


def state(home: Path) -> State:
    with opened(home) as space:
        assert all(check["ok"] for check in space.doctor() if check["check"].startswith("user"))
        for user in space.users():
            space.user(user).search("word3 bob's last")
        return shown(space)


def shown(space: Space) -> State:
    """Everybody's records and consents; a user who was entered but never written to is nobody."""
    found = {user: (space.store.records(user), space.store.consents(user)) for user in space.users()}
    return {user: kept for user, kept in found.items() if kept != ((), DEFAULT_CONSENTS)}


def states(folder: Path) -> list[State]:
    """What there is before the first and after each step, when nothing fails."""
    found: list[State] = [{}]
    with opened(folder / "model") as space:
        for step in STEPS:
            step(space)
            found.append(shown(space))
    return found


def work(space: Space) -> tuple[int, StoreError | None]:
    """How many steps were acknowledged, and what stopped the rest."""
    for done, step in enumerate(STEPS):
        try:
            step(space)
        except StoreError as error:
            return done, error
    return len(STEPS), None


def fail_at(disk: Disk, k: int, once: bool, home: Path, patch: pytest.MonkeyPatch) -> tuple[int, bool]:
    """Steps that were acknowledged when call k failed, and whether any step noticed."""
    disk.set(0)
    with opened(home, NAME) as space, disk.outside(patch):
        disk.set(k, once)
        done, error = work(space)
        disk.set(0)
    return done, error is not None


def calls(disk: Disk, home: Path, patch: pytest.MonkeyPatch) -> int:
    with opened(home, NAME) as space, disk.outside(patch):
        disk.set(0)
        assert work(space) == (len(STEPS), None)
        return disk.calls


def check(disk: Disk, folder: Path, patch: pytest.MonkeyPatch, every: int) -> None:
    expected, of = states(folder), calls(disk, folder / "whole", patch)
    noticed = 0
    for k in range(1, of, every):
        home = folder / f"{k}"
        done, failed = fail_at(disk, k, k % 2 == 0, home, patch)
        noticed += failed
        assert state(home) in expected[done : done + 2], f"call {k}: neither the old nor the new state"
    assert of > 100
    assert noticed > of // every // 2


def test_a_disk_that_fails_leaves_the_old_or_the_new_state(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(disk, tmp_path, monkeypatch, every=11)


@pytest.mark.long
def test_a_disk_that_fails_at_any_call_leaves_the_old_or_the_new_state(
    disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(disk, tmp_path, monkeypatch, every=1)


def test_what_was_acknowledged_survives_a_loss_of_power(disk: Disk, tmp_path: Path) -> None:
    expected, home = states(tmp_path), tmp_path / "home"
    disk.set(0)
    with opened(home, NAME) as space:
        for done, step in enumerate(STEPS, 1):
            step(space)
            assert state(disk.after_power_loss(home, tmp_path / f"copy{done}")) == expected[done]


def test_the_simulated_loss_of_power_does_lose_what_was_not_synchronised(disk: Disk, tmp_path: Path) -> None:
    home = tmp_path / "home"
    disk.set(0)
    with opened(home, NAME) as space:
        space.store.append("ann", [Turn(id="a", text="kept")])
        with space.store.unit("ann") as unit:
            assert unit is not None
            with unit.reading() as connection:
                connection.execute("PRAGMA query_only=OFF")
                connection.execute("ROLLBACK; PRAGMA synchronous=OFF; DELETE FROM record; BEGIN")
        copy = disk.after_power_loss(home, tmp_path / "copy")
    assert [r.id for r in state(copy)["ann"][0]] == ["a"]


def test_a_change_that_is_not_durable_by_itself_is_so_with_the_next(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    steps, place = ("CREATE TABLE said (n INTEGER)",), folder.file(tmp_path / "home" / "some.db")
    disk.set(0)
    database = Database(place, steps, vfs=NAME)

    def left(copy: str) -> list[int]:
        found = Database(disk.after_power_loss(place.parent, tmp_path / copy) / place.name, steps)
        with found.reading() as connection:
            numbers = values(connection, "SELECT n FROM said ORDER BY n")
        found.close()
        return numbers

    for n, durable, kept in ((1, False, []), (2, True, [1, 2]), (3, True, [1, 2, 3])):
        with database.writing(durable=durable) as connection:
            connection.execute("INSERT INTO said VALUES (?)", (n,))
        assert left(f"copy{n}") == kept
    database.close()
