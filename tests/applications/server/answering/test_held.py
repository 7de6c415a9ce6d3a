"""Records in memory are always those on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

import idiolect
from idiolect.applications.server.answering import held as module
from idiolect.applications.server.answering.held import Held
from idiolect.data.sqlite import rows
from idiolect.memory.space import Space


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    with idiolect.open(tmp_path / "home", encoder=None) as made:
        yield made


def test_after_any_changes_it_gives_what_the_store_gives(space: Space) -> None:
    held, dice = Held(space.store), Random(7)
    for step in range(60):
        user = space.user(dice.choice(["ann", "bob"]))
        ids = [m["id"] for m in user.get_all()["results"]]
        match dice.choice(["add", "add", "add", "update", "delete", "many", "erase"]):
            case "add":
                user.add(f"text {step}")
            case "many":
                user.add([f"text {step} {i}" for i in range(3)])
            case "update" if ids:
                user.update(dice.choice(ids), f"other {step}", erase_old=dice.random() < 0.5)
            case "delete" if ids:
                user.delete(dice.choice(ids))
            case "erase" if dice.random() < 0.2:
                user.erase()
        for name in ("ann", "bob"):
            assert held.records(name) == space.store.records(name)


def test_another_process_is_seen(space: Space) -> None:
    held = Held(space.store)
    space.user("ann").add("one")
    held.records("ann")
    with idiolect.open(space.store.home, encoder=None) as other:
        other.user("ann").add("two")
        other.user("ann").delete(held.records("ann")[0].id)
    assert [r.text for r in held.records("ann")] == ["two"]


def test_what_did_not_change_is_not_read_again_and_still_noted(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    held = Held(space.store)
    space.user("ann").add(["one", "two"])
    first = held.records("ann", purpose="assist")
    with monkeypatch.context() as patch:
        patch.setattr(rows, "current", lambda connection: pytest.fail("read again"))
        space.user("ann").add("three")
        assert len(held.records("ann", purpose="assist")) == 3
    assert held.records("ann")[:2] == first
    assert [a["purpose"] for a in space.user("ann").audit() if a["action"] == "records"] == ["assist", "assist", ""]


def test_only_so_many_users_are_held(space: Space, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "USERS", 2)
    held = Held(space.store)
    for name in ("a", "b", "c"):
        space.user(name).add("x")
        held.records(name)
    assert list(held._held) == ["b", "c"]
