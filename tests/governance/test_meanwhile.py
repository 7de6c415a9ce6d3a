"""What goes while something is learnt or saved is not brought back by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from idiolect.core.errors import BadInput
from idiolect.data import artifacts
from idiolect.governance import keys
from idiolect.governance.derived import keep, reopened
from idiolect.governance.view import view
from idiolect.memory import backup
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User

Change = Callable[[User], object]
CANARY = "canary-quokka"


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something happen just before the next value is written."""

    def arranged(change: Callable[[], object]) -> None:
        save = artifacts.save

        def changed(*given: Any, **more: Any) -> None:
            change()
            save(*given, **more)

        monkeypatch.setattr(artifacts, "save", changed)

    return arranged


def trained(space: Space) -> tuple[User, str]:
    ann = space.user("ann")
    (kept,) = ann.add(f"I live in Rome, {CANARY}")["results"]
    ann.consent("assist", "train")
    return ann, kept["id"]


def test_what_is_learnt_of_somebody_who_is_erased_meanwhile_does_not_bring_him_back(
    tmp_path: Path, during: Any
) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        ann, _ = trained(space)
        seen = [view(space.store, "ann", purpose="train")]
        during(ann.erase)
        with pytest.raises(BadInput, match="erased meanwhile"):
            keep(space.store, "oppu", {"text": CANARY}, seen, user="ann")
        assert list((space.store.folder / "users").glob("*/*")) == []
    assert not any(CANARY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("change", ["delete", "withdraw", "erase"])
def test_what_everybody_taught_is_reopened_where_a_source_went_meanwhile(
    tmp_path: Path, during: Any, change: str
) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        ann, id = trained(space)
        seen = [view(space.store, "ann", purpose="train")]
        during(
            {"delete": lambda: ann.delete(id), "withdraw": lambda: ann.consent("assist"), "erase": ann.erase}[change]
        )
        keep(space.store, "pplug", {"text": CANARY}, seen)
        assert reopened(space.store) == ("pplug",)


def test_a_backup_that_begins_while_somebody_is_erased_loses_no_tombstone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "COST", 2**4)
    with open(tmp_path / "home", encoder=None) as space:
        for user in ("ann", "bob"):
            space.user(user).add("I live in Rome")
        unit = space.store.key("ann")
        backup.backup(space.store, tmp_path / "out", "words")
        write, erasing = keys.KeyFile.write, Thread(target=space.user("ann").erase)

        def late(held: keys.KeyFile, path: Path) -> None:
            if not erasing.ident:
                erasing.start()
                erasing.join(0.5)  # it has had time to write, if it may
            write(held, path)

        monkeypatch.setattr(keys.KeyFile, "write", late)
        backup.backup(space.store, tmp_path / "out", "words")
        erasing.join()
        found = keys.read(space.store.folder / keys.FILE)
        assert unit in found.tombstones
        assert unit not in found.units
