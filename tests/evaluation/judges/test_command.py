from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from evaluation.judges.test_raters import answered
from evaluation.parrot import Parrot, world
from idiolect.cli import app
from idiolect.cli.people import judge
from idiolect.evaluation.experiment import read
from idiolect.evaluation.judges.study import Study
from idiolect.evaluation.run import evaluate
from idiolect.models.scripted import ScriptedModel


def run(*words: object) -> str:
    done = CliRunner().invoke(app, [str(w) for w in words])
    assert done.exit_code == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Answers of seven people under a method that shows their records, and under none."""
    folder = tmp_path_factory.mktemp("runs")
    file = world(folder / "world.json", users=16)
    plan = {"methods": ["ipa"], "tasks": ["tag"], "arms": ["base"], "seeds": [0], "presets": ""}
    made = read({**plan, "world": {"file": str(file), "users": 8, "learners": 8}, "out": str(folder / "run")})
    return evaluate(made, model=Parrot())


def test_a_judge_that_goes_by_place_is_said_to_be_a_coin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "open_model", lambda name: ScriptedModel(lambda said: "Better: A"))
    said = json.loads(run("judge", "--world", world(tmp_path / "world.json"), "--json"))
    assert (said["accuracy"], said["disagreement"], said["position_bias"]) == (0.5, 1.0, 1.0)
    assert "cannot be told from a coin" in said["sentence"]


def test_the_judge_reads_the_records_that_bear_on_the_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = ScriptedModel(lambda said: "Better: A")
    monkeypatch.setattr(judge, "open_model", lambda name: model)
    run("judge", "--world", world(tmp_path / "world.json"), "--shown", "1")
    known = {m.content.partition("Question:")[0] for said in model.asked for m in said if "number 2" in m.content}
    assert all("film number 2 => " in text and "film number 1" not in text for text in known)


def test_a_task_that_no_two_people_answer_differently_is_refused(tmp_path: Path) -> None:
    path = world(tmp_path / "world.json")
    done = CliRunner().invoke(app, ["judge", "--world", str(path), "--task", "fact"])
    assert done.exit_code == 2
    assert "Tasks are: tag" in done.stderr


def test_from_two_runs_to_what_people_prefer(results: Path, tmp_path: Path) -> None:
    study, pages = tmp_path / "films.json", tmp_path / "pages"
    run("judge", "pairs", study, f"{results}:ipa", f"{results}:ipa@base", "--most", 16)
    written = run("judge", "pages", study, "--rater", "ann", "--rater", "ben", "--out", pages).split()
    assert [Path(file).name for file in written] == ["films-ann.html", "films-ben.html"]
    made = Study.load(study)
    said = [answered(tmp_path, made, rater, lambda text: text != "no idea") for rater in ("ann", "ben")]
    found = json.loads(run("judge", "read", study, *said, "--json"))
    assert found["kappa"] is not None
    assert (found["share"], found["comparison"]["mean"], found["comparison"]["users"]) == (1.0, 1.0, 8)
    assert f"{results}:ipa@base" in found["comparison"]["sentence"]


def test_every_user_of_a_study_comes_before_anybody_twice(results: Path, tmp_path: Path) -> None:
    run("judge", "pairs", tmp_path / "s.json", f"{results}:ipa", f"{results}:ipa@base", "--most", 8)
    assert len({p.user for p in Study.load(tmp_path / "s.json").pairs}) == 8


def test_raters_read_who_asks(results: Path, tmp_path: Path) -> None:
    run("judge", "pairs", tmp_path / "s.json", f"{results}:ipa", f"{results}:ipa@base")
    assert all(p.persona.count("film number") == 4 for p in Study.load(tmp_path / "s.json").pairs)


def test_an_arm_that_was_not_run_is_named(results: Path, tmp_path: Path) -> None:
    words = ["judge", "pairs", str(tmp_path / "s.json"), f"{results}:ipa", f"{results}:ipa@swapped"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert "swapped" in done.stderr
    assert "base" in done.stderr


def test_a_model_is_held_against_raters(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "open_model", lambda name: ScriptedModel(lambda said: "Better: B"))
    run("judge", "pairs", tmp_path / "s.json", f"{results}:ipa", f"{results}:ipa@base", "--most", 8)
    said = answered(tmp_path, Study.load(tmp_path / "s.json"), "ann", lambda text: text != "no idea")
    found = json.loads(run("judge", "read", tmp_path / "s.json", said, "--model", "any", "--json"))
    assert (found["judge"]["accuracy"], found["judge"]["position_bias"]) == (0.5, -1.0)
