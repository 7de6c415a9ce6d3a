"""The commands that put things in an order for a user, and write as he does."""

from __future__ import annotations

from pathlib import Path

import pytest

import idiolect
from cli.conftest import Run, read
from idiolect.cli import applications
from idiolect.core.types import Post
from idiolect.models.scripted import ScriptedModel


@pytest.fixture(autouse=True)
def _ann(run: Run) -> None:
    with idiolect.open(encoder=None) as space:
        space.user("ann").add(["I love ships and the sea", "I hate robots"])
        space.user("ann").add(Post(id="p", task="mail", prompt="", text="hey all, the ship sails at noon! cheers"))


def test_recommend_says_which_memory_a_place_rests_on(run: Run) -> None:
    said = run("recommend", "robots at war", "old ships", "--user", "ann", "--words").stdout
    assert said.index("old ships") < said.index("robots at war")
    assert "I love ships and the sea" in said
    found = read(run("recommend", "robots at war", "old ships", "--user", "ann", "--words", "--json"))
    assert [one["id"] for one in found["results"]] == ["old ships", "robots at war"]
    assert found["results"][1]["reasons"][0]["memory"] == "I hate robots"


def test_recommend_reads_a_file_and_refuses_one_that_is_not_there(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('{"id": "a", "text": "robots"}\n{"id": "b", "text": "ships"}\n')
    assert read(run("recommend", str(path), "--user", "ann", "--words", "--json"))["results"][0]["id"] == "b"
    refused = run("recommend", "nowhere.jsonl", "--user", "ann")
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
    assert "no such file" in refused.stderr


def test_of_somebody_unknown_it_says_that_everybody_gets_this(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("ships in the harbour")
    assert "everybody gets" in run("recommend", "a", "b", "--user", "bob", "--words").stderr
    said = run("search", "ships", "--user", "bob", "--in", str(tmp_path / "notes"), "--words")
    assert "everybody gets" in said.stderr
    assert "a.txt" in said.stdout


def test_search_finds_documents_of_a_folder_and_says_what_moved_them(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("the long voyage of the robots")
    (tmp_path / "b.txt").write_text("the long voyage of the ships")
    found = read(run("search", "a long voyage", "--user", "ann", "--in", str(tmp_path), "--words", "--json"))
    assert [one["id"] for one in found["results"]] == ["b.txt", "a.txt"]
    said = run("search", "a long voyage", "--user", "ann", "--in", str(tmp_path), "--words").stdout
    assert "I hate robots" in said


def test_rewrite_prints_the_text_and_beside_it_where_it_comes_from(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "hey all, the boat leaves! cheers"
    monkeypatch.setattr(applications, "open_model", lambda name: ScriptedModel(lambda asked: said))
    plain = run("rewrite", "The boat leaves.", "--user", "ann")
    assert plain.stdout == f"{said}\n"
    assert "the ship sails at noon" in plain.stderr
    found = read(run("rewrite", "The boat leaves.", "--user", "ann", "--json"))
    assert (found["text"], [one["id"] for one in found["used"]]) == (said, ["p"])
    assert found["manner"]["after"] == 1.0
    assert read(run("rewrite", "Invite all", "--user", "ann", "--write", "--json"))["kind"] == "write"


def test_a_folder_without_a_model_is_refused_in_one_line(run: Run, tmp_path: Path) -> None:
    refused = run("rewrite", "x", "--user", "ann", "--model", str(tmp_path))
    assert (refused.exit_code, refused.stderr.count("\n")) == (2, 1)
