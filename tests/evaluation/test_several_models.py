"""Several models in one folder: who answered, what each is compared with, and what a folder may grow by."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.parrot import Parrot
from evaluation.test_run import experiment, lines
from idiolect.core.errors import BadInput
from idiolect.core.method import Access
from idiolect.core.requests import Key, Request
from idiolect.evaluation import experiment as experiments
from idiolect.evaluation import run, table
from idiolect.evaluation.asking import opened
from idiolect.evaluation.comparison.between import compare
from idiolect.evaluation.ledger import Ledger
from idiolect.evaluation.report import report
from idiolect.evaluation.run import evaluate


class Mute(Parrot):
    """Says the same to everybody."""

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        self.asked += len(requests)
        return [("no idea",) for _ in requests]


@pytest.fixture
def models(monkeypatch: pytest.MonkeyPatch) -> dict[str, Parrot]:
    """Two folders by name, of which one says what it is shown."""
    found = {"models/parrot": Parrot(), "models/mute": Mute()}
    found["models/mute"].digest = "mute-1"
    monkeypatch.setattr(opened, "_named", found.__getitem__)
    monkeypatch.setattr("idiolect.evaluation.asking.study.gives", lambda stated: Access.TEXT)
    return found


def both(folder: Path, **changes: Any) -> experiments.Experiment:
    return experiment(folder, models=("models/parrot", "models/mute"), **changes)


def test_each_model_has_rows_of_its_own_against_its_own_base(tmp_path: Path, models: dict[str, Parrot]) -> None:
    rows = table.read(evaluate(both(tmp_path)))
    assert [(r.method, r.model, r.score, r.base) for r in rows] == [
        ("ipa @ parrot", "parrot", 1.0, 0.0),
        ("ipa @ mute", "mute", 0.0, 0.0),
    ]
    assert models["models/mute"].asked > 0


def test_every_answer_says_which_model_gave_it(tmp_path: Path, models: dict[str, Parrot]) -> None:
    found = {(e["method"], e["model"]) for e in lines(evaluate(both(tmp_path)))}
    assert found == {("ipa @ parrot", "parrot"), ("ipa @ mute", "mute")}


@pytest.mark.slow
def test_one_report_holds_all_and_says_how_to_run_them_again(tmp_path: Path, models: dict[str, Parrot]) -> None:
    out = evaluate(both(tmp_path))
    page = report(out).read_text()
    assert "model parrot, mute" in page
    assert "ipa @ mute" in page
    again = page.partition("again.toml</summary><pre>")[2].partition("</pre>")[0].replace("&#34;", '"')
    (tmp_path / "again.toml").write_text(again)
    stated = experiments.load(tmp_path / "again.toml")
    assert stated.models == ("models/parrot", "models/mute")
    assert (stated.methods, stated.plan) == (("ipa",), {"ipa": ("tag",)})


def test_a_folder_grows_by_models_and_asks_the_first_nothing(tmp_path: Path, models: dict[str, Parrot]) -> None:
    evaluate(experiment(tmp_path, models=("models/parrot",)))
    asked = models["models/parrot"].asked
    out = evaluate(both(tmp_path))
    assert models["models/parrot"].asked == asked
    assert [r.model for r in table.read(out)] == ["parrot", "mute"]


def test_a_model_whose_weights_have_changed_is_refused(tmp_path: Path, models: dict[str, Parrot]) -> None:
    evaluate(both(tmp_path))
    models["models/mute"].digest = "mute-2"
    with pytest.raises(BadInput, match=r"another model \(mute differ\)"):
        evaluate(both(tmp_path))


def test_a_folder_of_one_model_is_not_gone_on_with_as_one_of_several(tmp_path: Path, models: dict[str, Parrot]) -> None:
    evaluate(experiment(tmp_path, model="models/parrot"))
    with pytest.raises(BadInput, match="begun under another experiment"):
        evaluate(both(tmp_path))


def test_of_one_model_nothing_is_said_in_rows_and_answers(tmp_path: Path, models: dict[str, Parrot]) -> None:
    out = evaluate(experiment(tmp_path, model="models/parrot"))
    (row,) = json.loads((out / "results.json").read_text())["rows"]
    assert row["method"] == "ipa"
    assert "model" not in row
    assert not any("model" in e for e in lines(out))


def test_two_models_of_one_name_are_refused(tmp_path: Path, models: dict[str, Parrot]) -> None:
    asked = replace(both(tmp_path), models=("a/parrot", "b/parrot"))
    with pytest.raises(BadInput, match="two of them have one name"):
        evaluate(asked)


def test_a_method_that_one_model_can_carry_is_left_out_of_the_other(
    tmp_path: Path, models: dict[str, Parrot], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gives(stated: str) -> Access:
        return Access.WEIGHTS if stated == "models/parrot" else Access.TEXT

    monkeypatch.setattr("idiolect.evaluation.asking.study.gives", gives)
    asked = both(tmp_path, methods=("ipa", "stylevector"), tasks=("tag",))
    whole, part = run._studies(asked, Ledger(tmp_path), None)
    assert (list(whole.entries), list(part.entries)) == (["ipa", "stylevector"], ["ipa"])
    assert run._facts(part)["left_out"] == {"stylevector @ mute": "it needs weights of mute, which gives text"}


def test_one_method_on_two_models_is_compared(tmp_path: Path, models: dict[str, Parrot]) -> None:
    out = evaluate(both(tmp_path))
    (found,) = compare(f"{out}:ipa @ parrot", f"{out}:ipa @ mute")
    assert found["mean"] == 1.0


def test_a_flag_for_the_model_takes_the_place_of_several(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text('models = ["a", "b"]')
    assert experiments.load(tmp_path / "two.toml", model="c").models == ()
