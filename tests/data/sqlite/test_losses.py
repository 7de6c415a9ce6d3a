"""What a disk, a kill or a hand took away: it is named, nothing else goes with it, and what is left can be erased."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Event, Thread

import pytest

from idiolect.core.errors import StoreError
from idiolect.data.sqlite import folder, residue
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.memory.opening import open
from idiolect.memory.space import Space

HARM: list[Callable[[Path], object]] = [shutil.rmtree, lambda unit: (unit / "user.db").write_bytes(b"garbage" * 1000)]


def unit(space: Space, user: str) -> Path:
    key = space.store.key(user)
    assert key is not None
    return space.store.folder / "users" / key[:2] / key


def bad(space: Space) -> list[str]:
    return [check["check"] for check in space.doctor() if not check["ok"]]


@pytest.mark.parametrize("harm", HARM, ids=["gone", "damaged"])
def test_a_lost_unit_is_named_by_the_doctor_and_can_be_erased(tmp_path: Path, harm: Callable[[Path], object]) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        for user in ("ann", "bob"):
            space.user(user).add("I live in Rome")
        place = unit(space, "ann")
    harm(place)
    with open(tmp_path / "home", encoder=None) as space:
        assert bad(space) == ["user 'ann'"]
        assert space.user("ann").erase().status == "closed"
        assert not place.exists()
        assert space.users() == ("bob",)
        assert bad(space) == []


def test_the_doctor_keeps_units_that_a_lost_catalogue_no_longer_names(tmp_path: Path) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        space.user("ann").add("I live in Rome")
        place = unit(space, "ann")
        catalogue = space.store.folder / "catalogue.db"
    kept = catalogue.read_bytes()
    catalogue.unlink()
    os.utime(place, (0, 0))
    with open(tmp_path / "home", encoder=None) as space:
        assert bad(space) == ["catalogue"]
    catalogue.write_bytes(kept)
    with open(tmp_path / "home", encoder=None) as space:
        assert len(space.user("ann").get_all()["results"]) == 1
        assert bad(space) == []


def test_the_doctor_removes_what_a_killed_backup_left_in_the_clear(tmp_path: Path) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        space.user("ann").add("I live in Rome")
        left = [unit(space, "ann") / ".work-a", space.store.folder / ".work-b"]
        for place in left:
            place.mkdir(mode=0o700)
            os.utime(place, (0, 0))
        assert bad(space) == []
        assert not any(place.exists() for place in left)
        assert len(space.user("ann").get_all()["results"]) == 1


def test_closing_waits_for_the_search_that_closes_a_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = residue.search

    def slow(files: Iterable[Path], sought: bytes) -> residue.Found:
        time.sleep(0.2)
        return real(files, sought)

    monkeypatch.setattr(residue, "search", slow)
    with open(tmp_path / "home", encoder=None) as space:
        space.user("ann").add("I live in Rome")
        assert space.user("ann").erase(wait=False).status == "open"
    with open(tmp_path / "home", encoder=None) as space:
        assert [receipt.status for receipt in space.receipts()] == ["closed"]


def test_a_walk_through_the_home_goes_on_while_folders_come_and_go(tmp_path: Path) -> None:
    users, stop = tmp_path / "spaces" / "default" / "users", Event()
    users.mkdir(parents=True)

    def churn() -> None:
        for number in range(10**6):
            if stop.is_set():
                return
            place = users / f"{number % 50:02x}" / str(number)
            (place / "own").mkdir(parents=True)
            folder.remove(place)

    busy = Thread(target=churn)
    busy.start()
    try:
        for _ in range(100):
            assert list(residue.outside_units(tmp_path)) == []
            assert folder.size(tmp_path) == 0
            folder.readable(tmp_path)
    finally:
        stop.set()
        busy.join()


def test_what_is_in_no_users_folder_is_searched(tmp_path: Path) -> None:
    there = ["keys.db", "spaces/default/catalogue.db", "spaces/default/theta/oppu/value.json"]
    for name in (*there, "spaces/default/users/ab/abcd/user.db"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert sorted(str(p.relative_to(tmp_path)) for p in residue.outside_units(tmp_path)) == there


@pytest.mark.parametrize("home", ["file/home", "file/deep/home"])
def test_a_home_that_cannot_be_made_is_named(tmp_path: Path, home: str) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="file"):
        SQLiteStore(tmp_path / home)
