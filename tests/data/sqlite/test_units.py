"""What a thread has of a user, when it was asked whose it is, and what the audit trail says of a change."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.data.sqlite.connection import values
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.sqlite.unit import setting
from idiolect.memory.user import User


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    made = SQLiteStore(tmp_path / "home")
    made.append("ann", [Turn(id="a", text="old")])
    yield made
    made.close()


def actions(store: SQLiteStore) -> list[str]:
    """What another process finds in the trail now."""
    other = SQLiteStore(store.home)
    with other.unit("ann") as unit:
        assert unit is not None
        with unit.reading() as connection:
            found: list[str] = values(connection, "SELECT action FROM audit ORDER BY n")
    other.close()
    return found


def test_whose_a_unit_is_is_asked_once_for_all_that_a_thread_does_with_it(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    entry = store._catalogue.entry

    def noticed(user: str) -> tuple[str | None, float | None]:
        asked.append(user)
        return entry(user)

    monkeypatch.setattr(store._catalogue, "entry", noticed)
    with store.unit("ann") as unit:
        assert len(store.records("ann")) == len(store.consents("ann")) == 1
        with store.unit("ann", make=True) as again:
            assert again is unit
        assert asked == ["ann"]
        with ThreadPoolExecutor(1) as pool:
            assert len(pool.submit(store.records, "ann").result()) == 1
        assert asked == ["ann", "ann"]
    assert store.records("ann")
    assert asked == ["ann", "ann", "ann"]


def test_a_user_who_is_erased_meanwhile_is_a_stranger_at_once(store: SQLiteStore) -> None:
    with store.unit("ann") as unit:
        assert unit is not None
        store.erase("ann")
        assert store.records("ann") == ()
        store.append("ann", [Turn(id="b", text="new")])
        with store.unit("ann") as again:
            assert again is not unit
        assert [record.id for record in store.records("ann")] == ["b"]
    assert [record.id for record in store.records("ann")] == ["b"]


def test_what_was_added_is_on_record_when_it_is_acknowledged(store: SQLiteStore) -> None:
    User(store, "ann", encoder=None, actor="me").add("I moved")
    assert actions(store) == ["append", "add"]


def test_what_was_refused_is_not_on_record(store: SQLiteStore) -> None:
    with pytest.raises(BadInput, match="two different records"):
        User(store, "ann", encoder=None, actor="me").add(Turn(id="a", text="other"))
    assert actions(store) == ["append"]


def test_what_is_deleted_while_bytes_are_cleaned_waits_for_the_next_time(
    store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = User(store, "ann", encoder=None, actor="me")
    (added,) = ann.add("I moved")["results"]
    ann.delete("a")
    with store.unit("ann") as unit:
        assert unit is not None
        scrub = unit._database.scrub

        def late(*given: Any, **more: Any) -> bool:
            done = scrub(*given, **more)
            ann.delete(added["id"])
            return done

        with monkeypatch.context() as patch:
            patch.setattr(unit._database, "scrub", late)
            assert not unit.scrub()
        assert unit.scrub()
        with unit.reading() as connection:
            assert setting(connection, "unclean") is None
