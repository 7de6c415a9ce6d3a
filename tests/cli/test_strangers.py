"""The commands for somebody who tries them first: what does nothing says so, and what is wrong names the way out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.conftest import Run
from idiolect.memory.opening import open as open_space


@pytest.fixture(autouse=True)
def _passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDIOLECT_PASSPHRASE", "correct horse")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("remember", "ann"), "nothing to keep"),
        (("forget", "ann"), "--all"),
        (("export", "ann", "out"), "nothing is kept of him"),
        (("backup", "out", "--keys", "no/such/folder/keys"), "its folder is not there"),
        (("remember", "ann", "x", "--home", "postgresql://app@host/db"), "IDIOLECT_HOME"),
    ],
    ids=lambda given: given[0] if isinstance(given, tuple) else "",
)
def test_a_command_that_could_do_nothing_is_refused_and_says_what_is_missing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused = run(*words)
    assert refused.exit_code == 2
    assert told in refused.output
    assert not [path for path in tmp_path.iterdir() if path.name != "home"]


def test_of_a_stranger_nothing_is_found_and_that_is_said(run: Run) -> None:
    assert "nothing is found of 'eve'" in run("recall", "eve", "tea", "--words").output
    assert run("profile", "eve").output == "nothing is known of 'eve'\n"


def test_a_profile_shows_what_there_is_and_no_empty_headings(run: Run) -> None:
    run("remember", "ann", "I live in Kyoto")
    assert run("profile", "ann").output == "attributes:\n  home: Kyoto\n"


def test_several_files_of_messages_are_imported_into_one_user(run: Run, tmp_path: Path) -> None:
    for name, text in (("a", "I love chess"), ("b", "I own a cat")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"text": text}), encoding="utf-8")
        assert run("import", "ann", tmp_path / f"{name}.jsonl").output == "1 new records\n"
    assert run("import", "ann", tmp_path / "b.jsonl").output == "0 new records\n"
    assert run("remember", "ann", "--file", tmp_path / "b.jsonl").output == "0 new memories\n"


def test_lines_of_nobody_are_not_imported_where_others_are_named(run: Run, tmp_path: Path) -> None:
    lines = [{"user": "bob", "text": "I love chess"}, {"text": "I own a cat"}]
    (tmp_path / "two.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    refused = run("import", "ann", tmp_path / "two.jsonl")
    assert refused.exit_code == 2
    assert "holds nothing of 'ann'" in refused.output


def test_an_import_that_keeps_nothing_says_why(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "I love chess"}), encoding="utf-8")
    run("remember", "ann", "--off", "--yes")
    assert run("import", "ann", tmp_path / "a.jsonl").output == "0 new records; this user is not remembered\n"


def test_a_place_that_cannot_be_made_is_an_error_of_one_line(run: Run, tmp_path: Path) -> None:
    run("remember", "ann", "I live in Kyoto")
    (tmp_path / "file").write_text("x")
    for words in (("export", "ann", tmp_path / "file" / "out"), ("backup", tmp_path / "file" / "a" / "b")):
        refused = run(*words)
        assert refused.exit_code == 2
        assert refused.output.startswith("error: ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"text": "I love chess"}\n{"text": "I own a cat"}'),
        ("a.txt", "Ann: I love chess\nAnn: I own a cat"),
        ("a.json", '{"core_memory": [{"label": "human", "value": "I love chess\\nI own a cat"}], "messages": []}'),
    ],
)
def test_what_states_no_time_was_said_when_it_was_brought_in(run: Run, tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    began = datetime.now(UTC)
    assert run("import", "ann", tmp_path / name, "--speaker", "Ann").output == "2 new records\n"
    assert run("import", "ann", tmp_path / name, "--speaker", "Ann").output == "0 new records\n"
    with open_space(encoder=None) as space:
        found = space.user("ann").get_all()["results"]
    assert [entry["memory"].removeprefix("note: ") for entry in found] == ["I love chess", "I own a cat"]
    assert all(datetime.fromisoformat(entry["created_at"]) >= began.replace(microsecond=0) for entry in found)


def test_a_message_without_a_time_stands_beside_its_neighbours_that_state_one(run: Run, tmp_path: Path) -> None:
    said = [{"text": "one"}, {"text": "two", "time": 5000.0}, {"text": "three"}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, said)), encoding="utf-8")
    run("remember", "ann", "--file", tmp_path / "a.jsonl")
    with open_space(encoder=None) as space:
        found = space.user("ann").get_all()["results"]
    times = [(entry["memory"], datetime.fromisoformat(entry["created_at"]).timestamp()) for entry in found]
    assert times == [("one", 4999.0), ("two", 5000.0), ("three", 5001.0)]
