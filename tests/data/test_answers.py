"""What a service answered: its words go with the records that they rest on, whoever deletes them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from idiolect.applications.server.answering.notes import Notebook
from idiolect.applications.server.settings import Answers
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User

WORD = b"canary17"


def found(home: Path) -> list[str]:
    return [path.name for path in home.rglob("*") if path.is_file() and WORD in path.read_bytes()]


def answered(space: Space, text: str, record: str) -> str:
    notebook = Notebook(space.store, Answers())
    with notebook.of("ann") as notes:
        assert notes is not None
        id = notes.answered({"model": "small", "text": text}, [record], [])
        notes.done("key", "hash", {"text": text})
        assert id is not None
    notebook.close()
    return id


@pytest.mark.parametrize(
    "deletion",
    [
        lambda ann, id: ann.delete(id),
        lambda ann, id: ann.update(id, "I drink tea", erase_old=True),
        lambda ann, id: ann.remember(False),
        lambda ann, id: ann.erase(),
    ],
    ids=("delete", "erase_old", "remember", "erase"),
)
def test_what_was_answered_from_a_memory_goes_with_it(tmp_path: Path, deletion: Callable[[User, str], object]) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        ann = space.user("ann")
        (one,) = ann.add("I drink canary17")["results"]
        answered(space, "You drink canary17", one["id"])
        assert "door.db" in found(tmp_path) or "door.db-wal" in found(tmp_path)
        deletion(ann, one["id"])
        ann.flush()
        assert found(tmp_path) == []


def test_answers_that_rest_on_other_memories_stay(tmp_path: Path) -> None:
    with open(tmp_path / "home", encoder=None) as space:
        ann = space.user("ann")
        one, other = ann.add(["I drink canary17", "I live in Oslo"])["results"]
        kept = answered(space, "You live in Oslo", other["id"])
        ann.delete(one["id"])
        ann.flush()
        notebook = Notebook(space.store, Answers())
        with notebook.of("ann") as notes:
            assert notes is not None
            assert (notes.answer(kept) or {})["text"] == "You live in Oslo"
            assert notes.once("key") is None
        notebook.close()
