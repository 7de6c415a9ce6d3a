from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.parrot import world
from idiolect.cli import app, compare
from idiolect.models.scripted import ScriptedModel


def test_a_judge_that_goes_by_place_is_said_to_be_a_coin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compare, "open_model", lambda name: ScriptedModel(lambda said: "Better: A"))
    path = str(world(tmp_path / "world.json"))
    done = CliRunner().invoke(app, ["judge", "--world", path, "--json"])
    said = json.loads(done.stdout)
    assert (said["accuracy"], said["disagreement"], said["position_bias"]) == (0.5, 1.0, 1.0)
    assert "cannot be told from a coin" in said["sentence"]


def test_a_task_that_no_two_people_answer_differently_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["judge", "--world", str(world(tmp_path / "world.json")), "--task", "fact"])
    assert done.exit_code == 2
    assert "Tasks are: tag" in done.stderr
