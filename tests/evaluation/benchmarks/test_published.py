"""Published rows stand beside ours only where they were measured on the very files that lie in the folder."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evaluation.benchmarks.official import locomo
from evaluation.benchmarks.test_readers import written
from idiolect.cli import app
from idiolect.evaluation import benchmarks
from idiolect.evaluation.benchmarks import run as running
from idiolect.evaluation.benchmarks.card import mark
from idiolect.evaluation.benchmarks.run import references, run

PUBLISHED = [name for name in benchmarks.names() if references(name)]
FOLDERS = {
    "movielens": "movielens-latest-small",
    "personachat_consistency": "personachat-consistency",
    "s3rec": "s3rec-amazon",
    "vpl": "vpl-hh-rlhf",
}


def beside(found: dict[str, Any]) -> int:
    return sum("reference" in row for row in found["rows"])


def kept(monkeypatch: pytest.MonkeyPatch, files: dict[str, str], counts: dict[str, int]) -> None:
    """As if the published rows of LoCoMo had been measured on such files."""
    tables = {"measured": {"locomo": {"files": files, "counts": counts}}, "references": running.table("references")}
    monkeypatch.setattr(running, "table", tables.__getitem__)


def test_the_files_that_were_measured_have_their_published_rows_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path, locomo())
    kept(monkeypatch, benchmarks.get("locomo").CARD.marks(folder), {})
    found = run("locomo", folder)
    assert found["notice"] is None
    assert beside(found) > 0


def test_other_content_of_the_same_form_is_measured_with_no_published_row_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path, locomo())
    kept(monkeypatch, {"locomo.json": "0" * 16}, {"turns": 2, "questions": 1157})
    found = run("locomo", folder)
    assert found["rows"]
    assert beside(found) == 0
    assert "other content of locomo.json (1,157 questions, here 2)" in found["notice"]


def test_the_same_counts_do_not_make_the_same_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = written(tmp_path, locomo())
    kept(monkeypatch, {"locomo.json": "0" * 16}, {"turns": 2})
    found = run("locomo", folder)
    assert beside(found) == 0
    assert "the same counts" in found["notice"]


def test_the_terminal_says_so_too(tmp_path: Path) -> None:
    said = CliRunner().invoke(
        app, ["benchmark", "locomo", "--data", str(written(tmp_path, locomo())), "--words"], env={"COLUMNS": "200"}
    )
    assert "no published row stands beside" in said.output


def test_a_set_without_published_rows_has_nothing_to_say(tmp_path: Path) -> None:
    assert running.strange("perltqa", {"perltqa_en_v2.json": "0" * 16}, {}) is None


def test_a_file_is_the_same_packed_or_not_and_however_its_lines_end(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    text = json.dumps(locomo()["locomo.json"], indent=1)
    for folder, name, content in (
        (plain, "locomo.json", text.encode()),
        (packed, "locomo.json.gz", gzip.compress(text.replace("\n", "\r\n").encode())),
    ):
        folder.mkdir()
        (folder / name).write_bytes(content)
    card = benchmarks.get("locomo").CARD
    assert card.marks(plain) == card.marks(packed)
    assert card.marks(plain)["locomo.json"] != mark(f"{text} ")


@pytest.mark.parametrize("name", PUBLISHED)
def test_of_every_published_row_it_is_known_on_which_files_it_was_measured(name: str) -> None:
    known = running.table("measured")[name]
    assert list(known["files"]) == list(benchmarks.get(name).CARD.files)
    assert all(len(m) == 16 for m in known["files"].values())
    assert known["counts"]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_official_files_are_those_that_were_measured(name: str) -> None:
    folder = Path(os.environ.get("IDIOLECT_BENCHMARKS", "nowhere")) / FOLDERS.get(name, name)
    if not folder.is_dir():
        pytest.skip(f"no official files of {name}: set IDIOLECT_BENCHMARKS to the folder that holds {folder.name}/")
    assert benchmarks.get(name).CARD.marks(folder) == running.table("measured")[name]["files"]
