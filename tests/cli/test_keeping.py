"""The commands for consent, foreign files, backups and their restoring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.conftest import Run, read
from idiolect.governance import keys


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "COST", 2**4)


def test_consents_begin_with_the_defaults_and_are_allowed_and_withdrawn(run: Run) -> None:
    names = ("remember", "assist", "train", "share", "share_with_provider")
    assert read(run("consents", "ann", "--json")) == dict(zip(names, (True, True, False, False, False), strict=True))
    changed = read(
        run("consents", "ann", "--allow", "train", "--allow", "health:work", "--withdraw", "assist", "--json")
    )
    assert {name for name, on in changed.items() if on} == {"remember", "train", "health:work"}
    assert "yes  health:work" in run("consents", "ann").output


def test_withdrawing_remember_erases_what_was_kept(run: Run) -> None:
    run("remember", "ann", "I like tea")
    assert run("consents", "ann", "--withdraw", "remember", input="n\n").exit_code == 1
    assert read(run("users", "--json")) == [{"user": "ann", "memories": 1}]
    assert run("consents", "ann", "--withdraw", "remember", "--yes").exit_code == 0
    assert read(run("users", "--json")) == [{"user": "ann", "memories": 0}]
    assert not read(run("consents", "ann", "--json"))["remember"]
    assert read(run("consents", "ann", "--allow", "remember", "--json"))["remember"]


@pytest.mark.parametrize(("purpose", "what"), [("trane", "did you mean train"), ("shoes:work", "no kind of what")])
def test_what_is_no_purpose_is_refused(run: Run, purpose: str, what: str) -> None:
    refused = run("consents", "ann", "--allow", purpose)
    assert (refused.exit_code, what in refused.output) == (2, True)


def test_doctor_shows_the_defaults_of_the_space(run: Run, tmp_path: Path) -> None:
    run("remember", "ann", "I like tea")
    (tmp_path / "home" / "spaces" / "default" / "space.toml").write_text("[consent]\ntrain = true\n")
    (found,) = [check for check in read(run("doctor", "--json")) if check["check"] == "defaults"]
    assert found["detail"].startswith("remember on, assist on, train on, share off, share_with_provider off")


def test_what_another_program_kept_is_imported_once_with_its_notes(run: Run, tmp_path: Path) -> None:
    kept = {"results": [{"id": "m", "memory": "Likes green tea", "user_id": "ann", "metadata": {"topic": "food"}}]}
    (tmp_path / "dump.json").write_text(json.dumps(kept))
    command = ("import", "ann", str(tmp_path / "dump.json"))
    assert [run(*command).output for _ in range(2)] == ["1 new records\n", "0 new records\n"]
    (found,) = read(run("recall", "ann", "tea", "--words", "--json"))["results"]
    assert (found["memory"], found["kind"], found["metadata"]) == ("note: Likes green tea", "fact", {"topic": "food"})
    refused = run("import", "eve", str(tmp_path / "dump.json"))
    assert (refused.exit_code, "holds nothing of 'eve'. It has: ann." in refused.output) == (2, True)


def test_a_chat_log_is_imported_from_one_side(run: Run, tmp_path: Path) -> None:
    (tmp_path / "chat.txt").write_text("Ann: I like tea\nBen: I like coffee\n")
    assert run("import", "ann", str(tmp_path / "chat.txt"), "--speaker", "Ann").output == "2 new records\n"
    refused = run("import", "ann", str(tmp_path / "chat.txt"))
    assert (refused.exit_code, "Name the user: Ann, Ben" in refused.output) == (2, True)


def test_everybody_is_backed_up_and_restored_but_the_erased(run: Run, tmp_path: Path) -> None:
    for user in ("ann", "bob"):
        run("remember", user, f"{user} likes tea")
    words = tmp_path / "words"
    words.write_text("correct horse\n")
    options = ("--passphrase-file", str(words), "--json")
    saved = read(run("backup", str(tmp_path / "out"), "--keys", str(tmp_path / "first"), *options))
    assert (saved["users"], saved["erased"]) == (2, 0)
    run("erase", "ann", "--yes")
    newest = tmp_path / "home" / "spaces" / "default" / "backup.keys"
    elsewhere = ("--home", str(tmp_path / "elsewhere"))
    assert read(run("restore", str(tmp_path / "out"), "--keys", str(newest), *options, *elsewhere)) == {
        "users": ["bob"],
        "erased": 1,
        "there": 0,
        "keys": False,
    }
    assert read(run("users", "--json", *elsewhere)) == [{"user": "bob", "memories": 1}]
    read(run("backup", str(tmp_path / "out"), *options))
    refused = run("restore", str(tmp_path / "out"), "--keys", str(tmp_path / "first"), *options, *elsewhere)
    assert (refused.exit_code, "is older than" in refused.output) == (2, True)


def test_the_passphrase_is_asked_twice_at_first_and_taken_from_the_environment(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("remember", "ann", "I like tea")
    assert run("backup", str(tmp_path / "out"), input="one\none\n").exit_code == 0
    monkeypatch.setenv("IDIOLECT_PASSPHRASE", "two")
    assert "does not open" in run("backup", str(tmp_path / "out")).output
    monkeypatch.setenv("IDIOLECT_PASSPHRASE", "one")
    assert "1 users" in run("backup", str(tmp_path / "out")).output
