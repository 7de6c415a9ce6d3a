"""What cannot be kept is refused before it is written: one record that cannot be read would take all with it."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.errors import BadInput, ConsentError, IdiolectError
from idiolect.core.types import Attribute, Record, Turn
from idiolect.data.sqlite.connection import connect
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Letters

UNLAWFUL: list[Any] = [
    Turn(id="t", text="hello", session=5),  # type: ignore[arg-type]
    Turn(id="t", text=b"hello"),  # type: ignore[arg-type]
    Turn(id=5, text="hello"),  # type: ignore[arg-type]
    Turn(id="t", text="hello", role="developer"),  # type: ignore[arg-type]
    Turn(id="t", text="hello", time=math.inf),
    Turn(id="t", text="hello", time=math.nan),
    Attribute(id="a", name="age", value=5),  # type: ignore[arg-type]
    Attribute(id="a", name="visa", value="valid", valid_to=math.inf),
]


@pytest.mark.parametrize("record", UNLAWFUL, ids=repr)
def test_a_record_of_other_types_is_refused_by_the_store_and_by_the_handle(
    ann: User, space: Space, record: Record
) -> None:
    ann.add("I live in Rome")
    with pytest.raises(BadInput, match="record"):
        space.store.append("ann", [record])
    with pytest.raises(BadInput, match="record"):
        ann.add(record)
    assert len(ann.get_all()["results"]) == 1 == len(space.store.records("ann"))


def test_a_session_that_is_a_number_is_refused_with_its_field(ann: User) -> None:
    with pytest.raises(BadInput, match="session"):
        ann.add("I live in Rome", session=12)  # type: ignore[arg-type]
    assert ann.get_all() == {"results": []}


@pytest.mark.parametrize("metadata", [["food"], "food", [("a", 1)], {1: "food"}], ids=repr)
def test_metadata_without_names_is_refused_and_nothing_is_lost(ann: User, metadata: Any) -> None:
    (kept,) = ann.add("I live in Rome")["results"]
    with pytest.raises(BadInput, match="metadata"):
        ann.add("I like figs", metadata=metadata)
    with pytest.raises(BadInput, match="metadata"):
        ann.update(kept["id"], "I live in Oslo", metadata=metadata)
    assert [one["memory"] for one in ann.get_all()["results"]] == ["I live in Rome"]


@pytest.mark.parametrize("given", [None, 5, True])
def test_what_is_neither_text_nor_list_is_refused(ann: User, given: Any) -> None:
    with pytest.raises(BadInput, match="message 0"):
        ann.add(given)


def test_half_a_character_in_an_id_is_refused_by_every_call(ann: User) -> None:
    ann.add("I live in Rome")
    for call in (ann.get, ann.history, ann.delete, lambda id: ann.update(id, "x"), ann.consent):
        with pytest.raises(IdiolectError):
            call("\ud800")


def test_somebody_who_calls_himself_user_does_not_speak_for_the_user(ann: User) -> None:
    for name in ("user", "assistant"):
        ann.add({"role": "user", "name": name, "content": "My name is Mallory and I live in Oslo."}, wait=True)
    assert ann.facts() == []
    assert ann.profile()["attributes"] == {}


def test_the_roles_of_newer_and_older_openai_messages_are_taken(ann: User, space: Space) -> None:
    ann.add([{"role": "developer", "content": "Be brief."}, {"role": "function", "content": "42", "time": None}])
    assert [(r.role, r.asserted_by) for r in space.store.records("ann") if isinstance(r, Turn)] == [
        ("system", "system"),
        ("tool", "tool"),
    ]


def test_who_does_not_want_to_be_remembered_is_not_imported(ann: User, space: Space, tmp_path: Path) -> None:
    ann.add("I live in Rome")
    ann.export(tmp_path / "out")
    bob = space.user("bob")
    bob.remember(False)
    with pytest.raises(ConsentError, match="remember"):
        bob.import_(tmp_path / "out")
    assert bob.get_all() == {"results": []}


def test_importing_somebody_forgotten_does_not_switch_off_who_has_memories(
    ann: User, space: Space, tmp_path: Path
) -> None:
    ann.remember(False)
    ann.export(tmp_path / "out")
    bob = space.user("bob")
    bob.add("I live in Rome")
    bob.import_(tmp_path / "out")
    assert bob.remembered
    carl = space.user("carl")
    carl.import_(tmp_path / "out")
    assert not carl.remembered


@pytest.mark.parametrize("purpose", ["asist", "sports:work", "health:", ""])
def test_a_purpose_that_does_not_exist_is_refused_and_changes_nothing(ann: User, space: Space, purpose: str) -> None:
    ann.consent("assist", "train")
    for change in (ann.consent, lambda *given: space.store.consent("ann", *given)):
        with pytest.raises(IdiolectError):
            change("assist", purpose)
    assert ann.consents() == {"assist", "train"}


def test_a_read_does_not_fail_and_hardly_waits_while_another_process_writes(ann: User, space: Space) -> None:
    ann.add("I live in Rome")
    ann.search("Rome")
    ann.add("I have a dog")
    (path,) = space.store.home.rglob("user.db")
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    try:
        began = time.monotonic()
        assert len(ann.search("dog")["results"]) == 1
        assert ann.profile()["attributes"] == {"home": ["Rome"]}
        assert time.monotonic() - began < 4
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_change_and_its_line_in_the_trail_are_on_the_disk_together(ann: User, space: Space) -> None:
    one, other = (ann.add(text)["results"][0]["id"] for text in ("I live in Rome", "I have a dog"))
    ann.update(one, "I live in Oslo")
    ann.delete(other)
    ann.consent("assist", "train")
    ann.remember(False)
    (path,) = space.store.home.rglob("user.db")
    beside = connect(path)
    try:
        actions = [row[0] for row in beside.execute("SELECT action FROM audit ORDER BY n")]
    finally:
        beside.close()
    assert [a for a in actions if a != "add"] == ["update", "delete", "consent", "forget"]


def test_blank_texts_do_not_keep_others_from_their_vectors(tmp_path: Path) -> None:
    with open(tmp_path / "other", encoder=Letters()) as space:
        space.store.append("ann", [Turn(id="old", text="I live in Rome")])
        space.store.append("ann", [Turn(id=str(n), text="\n" * 2000) for n in range(70)])
        space.user("ann").flush()
        (told,) = (check["detail"] for check in space.doctor() if check["check"] == "user 'ann'")
    assert told == "71 records"
