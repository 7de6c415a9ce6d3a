"""The commands that keep, find, carry away and let go."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.conftest import Run, read


def test_what_is_remembered_is_recalled(run: Run) -> None:
    assert run("remember", "ann", "I like tea", "I live in Kyoto").output == "2 new memories\n"
    said = run("recall", "ann", "tea", "--words").output
    assert "I like tea" in said
    assert "words #1" in said
    assert "Kyoto" not in said
    (found,) = read(run("recall", "ann", "tea", "--words", "--json"))["results"]
    assert (found["memory"], found["parts"]["words"]["rank"]) == ("I like tea", 1)


def test_users_are_listed_with_their_memories(run: Run) -> None:
    run("remember", "ann", "one", "two")
    run("remember", "bob", "three")
    assert read(run("users", "--json")) == [{"user": "ann", "memories": 2}, {"user": "bob", "memories": 1}]
    assert run("users").output.split() == ["2", "ann", "1", "bob"]


def test_a_file_of_messages_is_read_once(run: Run, tmp_path: Path) -> None:
    lines = [{"user": "ann", "text": "I like tea", "time": 1.0}, {"user": "bob", "text": "his"}]
    (tmp_path / "said.jsonl").write_text("\n".join(map(json.dumps, lines)))
    command = ("remember", "ann", "--file", str(tmp_path / "said.jsonl"), "--json")
    assert [entry["memory"] for entry in read(run(*command))["results"]] == ["I like tea"]
    assert read(run(*command))["results"] == []
    refused = run("remember", "eve", "--file", str(tmp_path / "said.jsonl"))
    assert refused.exit_code == 2
    assert "holds nothing of 'eve'. It has: ann, bob." in refused.output


def test_as_of_takes_a_date(run: Run) -> None:
    run("remember", "ann", "I like tea")
    assert read(run("recall", "ann", "tea", "--words", "--as-of", "2001-01-01", "--json")) == {"results": []}
    assert len(read(run("recall", "ann", "tea", "--words", "--as-of", "4000000000", "--json"))["results"]) == 1


def test_remembering_is_switched_off_and_on(run: Run) -> None:
    run("remember", "ann", "old")
    assert read(run("remember", "ann", "--off", "--yes", "--json")) == {"results": [], "remembered": False}
    assert run("remember", "ann", "new").output == "0 new memories; this user is not remembered\n"
    assert read(run("remember", "ann", "again", "--on", "--json"))["remembered"]
    assert read(run("users", "--json")) == [{"user": "ann", "memories": 1}]


def test_what_is_kept_until_a_day_says_which(run: Run) -> None:
    (added,) = read(run("remember", "ann", "tea", "--expires", "2090-05-01", "--json"))["results"]
    assert added["expires"] == "2090-05-01T00:00:00+00:00"
    refused = run("remember", "ann", "coffee", "--expires", "2001-05-01")
    assert (refused.exit_code, "is not to come" in refused.output) == (2, True)


def test_forgetting_takes_the_ids_that_are_named_or_all(run: Run, tmp_path: Path) -> None:
    added = read(run("remember", "ann", "canary17", "two", "three", "--json"))["results"]
    assert run("forget", "ann", added[0]["id"]).output == "1 memories erased\n"
    assert not any(b"canary17" in p.read_bytes() for p in (tmp_path / "home").rglob("*") if p.is_file())
    refused = run("forget", "ann", added[0]["id"])
    assert (refused.exit_code, "none of that id" in refused.output) == (2, True)
    assert read(run("forget", "ann", "--all", "--yes", "--json")) == {"forgotten": 2}


def test_a_profile_is_shown_by_group(run: Run, tmp_path: Path) -> None:
    from idiolect.core.types import Attribute
    from idiolect.memory.opening import open

    with open(encoder=None) as space:
        space.user("ann").add(Attribute(id="a", name="city", value="Kyoto"))
    assert read(run("profile", "ann", "--json"))["attributes"] == {"city": ["Kyoto"]}
    assert "  city: Kyoto" in run("profile", "ann").output


def test_a_user_is_carried_away_and_back(run: Run, tmp_path: Path) -> None:
    run("remember", "ann", "I like tea")
    assert read(run("export", "ann", str(tmp_path / "out"), "--json")) == {
        "folder": str(tmp_path / "out"),
        "records": 1,
    }
    assert run("import", "bob", str(tmp_path / "out")).stdout == "1 new records\n"
    assert len(read(run("recall", "bob", "tea", "--words", "--json"))["results"]) == 1
    assert run("export", "ann", str(tmp_path / "out")).exit_code == 2


def test_erasing_asks_and_gives_a_receipt(run: Run) -> None:
    run("remember", "ann", "I like tea")
    assert run("erase", "ann", input="n\n").exit_code == 1
    receipt = read(run("erase", "ann", "--yes", "--json"))
    assert (receipt["records"], receipt["status"], receipt["residue"]) == (1, "closed", 0)
    assert run("erase", "ann", "--yes").output == "nothing was kept of this user\n"
    run("remember", "bob", "text")
    assert "1 memories" in run("erase", "bob", input="y\n").output


@pytest.mark.parametrize("words", [("remember", "ann", "--off"), ("forget", "ann", "--all")])
def test_what_erases_everything_asks_first(run: Run, words: tuple[str, ...]) -> None:
    run("remember", "ann", "I like tea")
    assert run(*words, input="n\n").exit_code == 1
    assert read(run("users", "--json")) == [{"user": "ann", "memories": 1}]
    assert run(*words, input="y\n").exit_code == 0
    assert read(run("users", "--json")) == [{"user": "ann", "memories": 0}]


def test_the_doctor_says_what_is_wrong_with_exit_code_1(run: Run, tmp_path: Path) -> None:
    run("remember", "ann", "I like tea")
    assert {check["check"]: check["ok"] for check in read(run("doctor", "--json"))}["user 'ann'"]
    (path,) = (tmp_path / "home").rglob("user.db")
    path.chmod(0o644)
    said = run("doctor")
    assert said.exit_code == 1
    assert "BAD  files" in said.output


def test_spaces_and_homes_are_told_apart(run: Run, tmp_path: Path) -> None:
    run("remember", "ann", "text", "--space", "one")
    run("remember", "ann", "text", "--home", str(tmp_path / "other"))
    assert read(run("users", "--json")) == []
    assert len(read(run("users", "--space", "one", "--json"))) == 1
    assert len(read(run("users", "--home", str(tmp_path / "other"), "--json"))) == 1


def test_what_was_superseded_is_listed_with_the_reason_and_can_be_reinstated(run: Run) -> None:
    run("remember", "ann", "I live in Porto.", "I now live in Lisbon.")
    (held,) = read(run("facts", "ann", "--json"))["results"]
    assert held["value"] == "Lisbon"
    listed = run("facts", "ann", "--history").output
    assert "home: Porto" in listed
    assert "(a newer value of the same)" in listed
    (past,) = (f for f in read(run("facts", "ann", "--history", "--json"))["results"] if f["value"] == "Porto")
    (held,) = read(run("facts", "ann", "--reinstate", str(past["id"]), "--json"))["results"]
    assert held["value"] == "Porto"
    assert "none of that id" in run("facts", "ann", "--reinstate", "99").output
