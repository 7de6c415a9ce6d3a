"""A write that is done again, because its answer was lost, has one effect."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Clock

DYING = """
import os, sys
from idiolect.memory.opening import open
open(sys.argv[1], encoder=None).user("ann").add(["I live in Oslo.", "I like tea"], key="order 7")
os._exit(9)
"""


def test_an_add_that_is_tried_three_times_leaves_one_record_each(ann: User) -> None:
    tries = [ann.add(["I live in Oslo.", "I like tea"], key="order 7")["results"] for _ in range(3)]
    assert [[entry["event"] for entry in found] for found in tries] == [["ADD"] * 2, ["NONE"] * 2, ["NONE"] * 2]
    assert len({tuple(entry["id"] for entry in found) for found in tries}) == 1
    assert [entry["memory"] for entry in ann.get_all()["results"]] == ["I live in Oslo.", "I like tea"]
    ann.flush()
    assert [fact["value"] for fact in ann.facts()] == ["Oslo"]


def test_a_process_that_dies_after_its_write_and_tries_again_leaves_one_record(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", DYING, str(tmp_path / "home")], env=os.environ, check=False)
    assert done.returncode == 9
    with open(tmp_path / "home", encoder=None) as space:
        ann = space.user("ann")
        assert [e["event"] for e in ann.add(["I live in Oslo.", "I like tea"], key="order 7")["results"]] == [
            "NONE"
        ] * 2
        assert len(ann.get_all()["results"]) == 2


def test_what_was_deleted_meanwhile_does_not_come_back(ann: User) -> None:
    (said,) = ann.add("I live in Oslo.", key="order 7")["results"]
    ann.delete(said["id"])
    assert ann.add("I live in Oslo.", key="order 7") == {"results": []}
    assert ann.get_all() == {"results": []}


def test_what_was_corrected_meanwhile_stays_corrected(ann: User) -> None:
    (said,) = ann.add("I live in Oslo.", key="order 7")["results"]
    ann.update(said["id"], "I live in Rome.")
    (again,) = ann.add("I live in Oslo.", key="order 7")["results"]
    assert (again["memory"], again["event"]) == ("I live in Rome.", "NONE")


def test_a_key_of_another_write_is_refused(ann: User) -> None:
    ann.add("I live in Oslo.", key="order 7")
    with pytest.raises(BadInput, match="another write had this key"):
        ann.add("I live in Rome.", key="order 7")
    assert len(ann.add("I live in Rome.", key="order 8")["results"]) == 1


def test_keys_of_two_users_are_no_concern_of_each_other(space: Space) -> None:
    for user in ("ann", "bob"):
        assert space.user(user).add("tea", key="1")["results"][0]["event"] == "ADD"


def test_records_with_ids_of_their_own_keep_them_under_a_key(ann: User) -> None:
    for _ in range(3):
        ann.add([Turn(id="a", text="tea", time=5.0), Turn(id="b", text="milk")], key="x")
    assert [entry["id"] for entry in ann.get_all()["results"]] == ["a", "b"]


def test_without_a_key_the_same_words_are_said_twice(ann: User) -> None:
    ann.add("tea")
    ann.add("tea")
    assert len(ann.get_all()["results"]) == 2


def test_a_key_is_forgotten_after_a_month(ann: User, clock: Clock) -> None:
    (said,) = ann.add("tea", key="x")["results"]
    ann.delete(said["id"])
    clock.now += 31 * 86400
    assert ann.add("tea", key="x")["results"][0]["event"] == "ADD"


def test_a_correction_that_is_tried_three_times_is_one_version(ann: User) -> None:
    (said,) = ann.add("I live in Oslo.", metadata={"a": 1})["results"]
    for _ in range(3):
        ann.update(said["id"], "I live in Rome.", metadata={"a": 2})
    assert [version["memory"] for version in ann.history(said["id"])] == ["I live in Oslo.", "I live in Rome."]
    ann.update(said["id"], "I live in Rome.", erase_old=True)
    assert [version["memory"] for version in ann.history(said["id"])] == ["I live in Rome."]


def test_a_deletion_can_be_done_again_where_that_is_said(ann: User) -> None:
    (said,) = ann.add("I live in Oslo.")["results"]
    for _ in range(3):
        ann.delete(said["id"], missing_ok=True)
    with pytest.raises(BadInput, match="none of that id"):
        ann.delete(said["id"])
    assert ann.delete_all() == ann.delete_all() == 0
