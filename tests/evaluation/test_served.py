"""A model behind an address: what it is asked, what it is not asked twice, and what it cannot be asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.server import ADDRESS, Server, running
from evaluation.test_run import experiment, lines
from idiolect.core.errors import AccessError, BadInput
from idiolect.evaluation import table
from idiolect.evaluation.report import report
from idiolect.evaluation.run import evaluate
from idiolect.simulation.world import World


def served(folder: Path, **changes: Any) -> Any:
    given = {"model": ADDRESS, "cache": str(folder / "cache"), "arms": ("own", "base", "swapped"), **changes}
    return experiment(folder, **given)


def test_a_served_model_is_asked_under_every_arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = running(monkeypatch)
    (row,) = table.read(evaluate(served(tmp_path)))
    assert (row.score, row.base, row.swapped) == (1.0, 0.0, 0.0)
    assert {body["model"] for body in server.asked} == {"parrot"}


def test_a_repeated_run_asks_nothing_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = running(monkeypatch)
    first = evaluate(served(tmp_path))
    asked = len(server.asked)
    again = evaluate(served(tmp_path, out=str(tmp_path / "again")))
    assert len(server.asked) == asked
    assert all(e["recalled"] for e in lines(again))
    assert not any("recalled" in e for e in lines(first) if e["arm"] == "own")
    assert [e["prediction"] for e in lines(again)] == [e["prediction"] for e in lines(first)]
    assert "<th>recalled</th>" in report(again).read_text()


@pytest.mark.parametrize(("host", "shown"), [("127.0.0.1:9", True), ("models.example.org", False)])
def test_what_may_not_leave_this_machine_is_shown_to_its_own_server_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, shown: bool
) -> None:
    server = running(monkeypatch)
    asked = served(tmp_path, model=f"http://{host}/v1#parrot", arms=("own",))
    planted = World.load(tmp_path / "world.json")
    people = {u: tuple(replace(r, local_only=True) for r in records) for u, records in planted.people.items()}
    replace(planted, people=people).save(tmp_path / "world.json")
    (row,) = table.read(evaluate(asked))
    assert row.score == float(shown)
    assert any("=>" in m["content"] for body in server.asked for m in body["messages"]) == shown


@pytest.mark.slow
def test_without_a_folder_for_them_no_answers_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = running(monkeypatch)
    evaluate(served(tmp_path, cache=""))
    asked = len(server.asked)
    again = evaluate(served(tmp_path, cache="", out=str(tmp_path / "again")))
    assert len(server.asked) == 2 * asked
    assert not (tmp_path / "cache").exists()
    assert "<th>recalled</th>" not in report(again).read_text()


def test_a_method_that_needs_weights_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = running(monkeypatch)
    with pytest.raises(
        AccessError, match=r"parrot gives text alone, but oppu needs weights.*local Hugging Face folder"
    ):
        evaluate(served(tmp_path, methods=("ipa", "oppu")))
    assert not server.asked


@pytest.mark.slow
def test_of_all_methods_those_that_a_server_cannot_carry_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running(monkeypatch)
    out = evaluate(served(tmp_path, methods=(), queries=1))
    left = json.loads((out / "experiment.json").read_text())["left_out"]
    assert {"oppu", "cos", "stylevector"} <= set(left)
    assert left["oppu"] == "it needs weights of parrot, which gives text"
    assert {"ipa", "pag"} <= {r.method for r in table.read(out)}
    assert "<b>oppu</b> is left out" in report(out).read_text()


def test_answers_may_be_as_long_as_the_experiment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = running(monkeypatch)
    evaluate(served(tmp_path, queries=1, tokens=500))
    assert {body["max_tokens"] for body in server.asked} == {500}
    with pytest.raises(BadInput, match="begun under another experiment"):
        evaluate(served(tmp_path, queries=1))


def test_what_was_answered_before_a_server_failed_is_not_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idiolect.evaluation.asking.recalled.PART", 4)

    def tired(body: dict[str, Any]) -> str:
        if len(server.asked) > 10:
            raise RuntimeError("the server fell over")
        return "salty"

    server = running(monkeypatch, Server(tired))
    with pytest.raises(RuntimeError):
        evaluate(served(tmp_path))
    assert lines(tmp_path / "out") == []
    healthy = running(monkeypatch)
    evaluate(served(tmp_path))
    whole = running(monkeypatch)
    evaluate(served(tmp_path, cache=str(tmp_path / "other"), out=str(tmp_path / "whole")))
    assert len(healthy.asked) == len(whole.asked) - 8
