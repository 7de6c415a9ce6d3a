"""What is kept until a day, on a disk: no byte and nothing learnt is left of it, whatever fails or dies meanwhile."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from faulty import Disk
from idiolect.core.errors import StoreError
from idiolect.core.types import Turn
from idiolect.data.sqlite import later
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import keys
from idiolect.governance.derived import keep, reopened, settle
from idiolect.governance.view import population, view
from idiolect.memory import backup
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from memory_doubles import Clock

DAY, NAME = 86400.0, "faulty"
WORD = "q7c1e90b55aa42canary"


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.unregister()


def filled(space: Space, clock: Clock) -> None:
    ann = space.user("ann")
    ann.add("I like tea.")
    ann.add(Turn(id="c", text=f"I live in {WORD}.", time=clock.now), expires=clock.now + DAY, wait=True)


def learnt(store: SQLiteStore) -> Path:
    """What was learnt from her, and from everybody."""
    store.consent("ann", "assist", "train")
    keep(store, "counts", torch.ones(1), population(store))
    return keep(store, "voice", torch.ones(1), [view(store, "ann", purpose="train")], user="ann")


def left(home: Path) -> bool:
    return any(WORD.encode() in path.read_bytes() for path in home.rglob("*") if path.is_file())


def gone(home: Path, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while left(home) and time.monotonic() < end:
        time.sleep(0.02)
    return not left(home)


def test_no_byte_is_left_and_nothing_that_was_learnt_from_it(space: Space, clock: Clock) -> None:
    filled(space, clock)
    own = learnt(space.store)
    assert left(space.store.home)
    clock.now += DAY + 1
    space.store.sweep()
    assert gone(space.store.home)
    assert not own.exists()
    assert reopened(space.store) == ("counts",)


def test_it_is_erased_by_itself_while_a_process_has_the_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(later, "ROUND", 0.05)
    clock = Clock()
    with open(tmp_path / "home", encoder=None, clock=clock) as space:
        filled(space, clock)
        clock.now += DAY + 1
        assert gone(tmp_path / "home")


def test_who_opens_it_after_the_day_finds_nothing(tmp_path: Path) -> None:
    clock = Clock()
    with open(tmp_path / "home", encoder=None, clock=clock) as space:
        filled(space, clock)
    clock.now += DAY + 1
    with open(tmp_path / "home", encoder=None, clock=clock) as space:
        assert [m["memory"] for m in space.user("ann").get_all()["results"]] == ["I like tea."]
    assert not left(tmp_path / "home")


def test_one_process_erases_what_another_added(tmp_path: Path) -> None:
    clock = Clock()
    with open(tmp_path / "home", encoder=None, clock=clock) as one:
        one.user("ann").add("I like tea.")
        with open(tmp_path / "home", encoder=None, clock=clock) as other:
            filled(other, clock)
        clock.now += DAY + 1
        one.store.sweep()
        assert gone(tmp_path / "home")


def test_the_doctor_names_the_next_day_and_does_what_is_due(space: Space, clock: Clock) -> None:
    filled(space, clock)
    assert "the next expires 2023-11-1" in list(space.doctor())[-2]["detail"]
    clock.now += DAY + 1
    assert "expires" not in list(space.doctor())[-2]["detail"]
    assert gone(space.store.home)


def test_a_restored_user_loses_it_on_the_same_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "COST", 2**4)
    clock = Clock()
    with open(tmp_path / "home", encoder=None, clock=clock) as space:
        filled(space, clock)
        made = backup.backup(space.store, tmp_path / "archives", "open sesame")
        key = made.keys.read_bytes()
    (tmp_path / "keys").write_bytes(key)
    for days, there in ((0.5, True), (2.0, False)):
        clock.now += days * DAY
        with open(tmp_path / f"back{days}", encoder=None, clock=clock) as space:
            backup.restore(space.store, tmp_path / "archives", tmp_path / "keys", "open sesame")
            assert left(tmp_path / f"back{days}") is there
            clock.now += DAY
            space.store.sweep()
            assert gone(tmp_path / f"back{days}")


def test_a_kill_between_erasing_and_dropping_what_was_learnt_is_made_good(space: Space, clock: Clock) -> None:
    filled(space, clock)
    own = learnt(space.store)

    def killed(store: SQLiteStore, user: str) -> None:
        raise StoreError("here", "killed", "Go on.")

    space.store.after = killed
    clock.now += DAY + 1
    space.store.sweep()
    assert own.exists()
    space.store.after = settle
    space.store.sweep()
    assert not own.exists()


def test_whatever_fails_meanwhile_nobody_sees_it_and_the_next_erases_it(disk: Disk, tmp_path: Path) -> None:
    seen = 0
    for k in range(1, 60, 9):
        clock, home = Clock(), tmp_path / f"{k}"
        with open(home, encoder=None, clock=clock) as space:
            filled(space, clock)
        clock.now += DAY + 1
        disk.set(0)
        with Space(SQLiteStore(home, vfs=NAME, clock=clock), encoder=None, actor="test") as space:
            disk.set(k)
            assert [m["memory"] for m in space.user("ann").get_all()["results"]] == ["I like tea."]
            assert len(space.store.records("ann")) == 1
            seen += left(home)
            disk.set(0)
        with open(home, encoder=None, clock=clock) as space:
            assert [m["memory"] for m in space.user("ann").get_all()["results"]] == ["I like tea."]
            assert all(check["ok"] for check in space.doctor())
        assert not left(home)
    assert seen


def test_a_day_is_no_cost_to_who_has_none(space: Space, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(space, clock)
    space.user("bob").add("tea")
    clock.now += DAY + 1
    asked = list[str]()
    monkeypatch.setattr(SQLiteStore, "_end", lambda self, user, unit, patient: asked.append(user))
    space.store.sweep()
    space.user("bob").get_all()
    assert asked == ["ann"]
