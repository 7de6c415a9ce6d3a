from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.answers import answers, folder, line
from idiolect.core.errors import BadInput, UnknownName
from idiolect.evaluation.comparison.between import compare


def run(path: Path, made: list[dict[str, object]], seed: int = 7) -> str:
    path.mkdir()
    folder(path, made)
    head = json.loads((path / "experiment.json").read_text())
    head["experiment"] = {"world": {"seed": seed}, "data": "", "queries": 4}
    (path / "experiment.json").write_text(json.dumps(head))
    return str(path)


def test_the_better_run_is_said_to_be_better(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", answers("ipa", own=0.9)), run(tmp_path / "b", answers("ipa", own=0.2))
    (found,) = compare(a, b)
    assert found["clear"]
    assert found["mean"] > 0.5
    assert found["sentence"].startswith(f"ipa in {a} is better than ipa in {b}")


def test_exchanging_the_sides_turns_the_sign(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", answers("ipa", own=0.9)), run(tmp_path / "b", answers("ipa", own=0.2))
    assert compare(a, b)[0]["mean"] == -compare(b, a)[0]["mean"]


def test_a_run_against_itself_cannot_be_told_from_noise(tmp_path: Path) -> None:
    a = run(tmp_path / "a", answers())
    assert "cannot be told" in compare(a, a)[0]["sentence"]


def test_two_methods_of_one_folder_are_compared_by_name(tmp_path: Path) -> None:
    a = run(tmp_path / "a", answers("ipa", own=0.9) + answers("pag", own=0.2))
    (found,) = compare(f"{a}:ipa", f"{a}:pag")
    assert (found["method"], found["task"], found["clear"]) == ("ipa / pag", "tag", True)


def test_a_method_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    a = run(tmp_path / "a", answers())
    with pytest.raises(UnknownName, match="did you mean ipa"):
        compare(f"{a}:ipb", a)


def test_runs_on_other_worlds_are_refused(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", answers()), run(tmp_path / "b", answers(), seed=8)
    with pytest.raises(BadInput, match="world differ"):
        compare(a, b)


def test_runs_that_share_nothing_are_refused(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", [line(user="a")]), run(tmp_path / "b", [line(user="b")])
    with pytest.raises(BadInput, match="no two users"):
        compare(a, b)


def test_answers_scored_by_two_versions_of_a_metric_are_refused(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", answers()), run(tmp_path / "b", [{**e, "metric": "oracle@2"} for e in answers()])
    with pytest.raises(BadInput, match="scored by oracle@1 and by oracle@2"):
        compare(a, b)


def test_comparing_changes_nothing_in_the_folders(tmp_path: Path) -> None:
    a = run(tmp_path / "a", answers())
    path = tmp_path / "a" / "examples.jsonl"
    path.write_bytes(path.read_bytes() + b'{"method": "ip')
    before = path.read_bytes()
    compare(a, a)
    assert path.read_bytes() == before
