"""On a real server: whatever erases records opens a receipt, which closes when their bytes are out of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from idiolect.cli import app
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn
from idiolect.memory.opening import open
from idiolect.memory.user import User
from memory_doubles import Clock, Letters

psycopg = pytest.importorskip("psycopg")

if TYPE_CHECKING:
    from conftest import Server

pytestmark = pytest.mark.slow


def canary(kind: str) -> str:
    return f"canary-of-{kind}-8812"


KINDS: dict[str, Callable[[str], Record]] = {
    "turn": lambda word: Turn(id=word, text=f"I live in {word}."),
    "attribute": lambda word: Attribute(id=word, name="job", value=word),
    "relation": lambda word: Relation(id=word, name="sister", value=word),
    "post": lambda word: Post(id=word, task="review", prompt=word, text=word),
    "interaction": lambda word: Interaction(id=word, task="rate", prompt=word, text=word),
    "preference": lambda word: Preference(id=word, prompt="p", chosen=word, rejected=word),
    "wish": lambda word: Preference(id=word, dimension=word),
}
ERASING: dict[str, Callable[[User, str], Any]] = {
    "delete": lambda ann, id: ann.delete(id),
    "delete all": lambda ann, id: ann.delete_all({"id": id}),
    "correct and erase": lambda ann, id: ann.update(id, "I live in Rome.", erase_old=True),
    "not remember": lambda ann, _: ann.remember(False),
}


def left(folder: Path, words: list[str]) -> list[str]:
    there = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    return [word for word in words if word.encode() in there]


def test_deleted_records_of_every_kind_are_in_no_byte_once_their_receipts_are_closed(alone: Server, place: str) -> None:
    words = {kind: canary(kind) for kind in KINDS}
    doctor = ["doctor", "--database", alone.app, "--space", place]
    with open(alone.app, place, encoder=Letters() if alone.vectors else None) as space:
        ann = space.user("ann")
        for kind, made in KINDS.items():
            ann.add(made(words[kind]), metadata={"note": words[kind]}, wait=True)
        ann.add("I like tea")
        for word in words.values():
            ann.delete(word)
        with psycopg.connect(alone.owner, autocommit=True) as connection:
            connection.execute("CHECKPOINT")
        assert left(alone.folder, list(words.values())) == list(words.values())
        assert [(r.records, r.whole, r.status) for r in space.receipts()] == [(1, False, "open")] * len(KINDS)
        assert [c["ok"] for c in space.doctor() if c["check"] == "receipts"] == [False]
        assert CliRunner().invoke(app, doctor).exit_code == 1
        done = CliRunner().invoke(app, [*doctor, "--purge", alone.owner])
        assert (done.exit_code, "all are closed" in done.output) == (0, True)
        assert left(alone.folder, list(words.values())) == []
        assert {r.status for r in space.receipts()} == {"closed"}
        assert [entry["memory"] for entry in ann.get_all()["results"]] == ["I like tea"]


@pytest.mark.parametrize("how", ERASING)
def test_whatever_erases_a_record_opens_a_receipt(server: Server, place: str, how: str) -> None:
    with open(server.app, place, encoder=None) as space:
        ann = space.user("ann")
        (said,) = ann.add("I live in Oslo.")["results"]
        assert space.receipts() == ()
        ERASING[how](ann, said["id"])
        (receipt,) = space.receipts()
        assert (receipt.unit, receipt.records, receipt.status) == (space.store.key("ann"), 1, "open")
        assert ann.erase().whole
        assert [r.whole for r in space.receipts()] == [False, True]


def test_what_expires_opens_a_receipt(server: Server, place: str) -> None:
    clock = Clock()
    with open(server.app, place, encoder=None, clock=clock) as space:
        ann = space.user("ann")
        ann.add("I live in Oslo.", expires=clock.now + 100)
        ann.add("I like tea")
        clock.now += 200
        ann.get_all()
        assert [(r.records, r.status) for r in space.receipts()] == [(1, "open")]


def test_a_correction_that_keeps_the_old_opens_none(server: Server, place: str) -> None:
    with open(server.app, place, encoder=None) as space:
        (said,) = space.user("ann").add("I live in Oslo.")["results"]
        space.user("ann").update(said["id"], "I live in Rome.")
        assert space.receipts() == ()
