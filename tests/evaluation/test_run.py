from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.parrot import Parrot, world
from idiolect.core.errors import BadInput
from idiolect.evaluation import table
from idiolect.evaluation.experiment import Experiment, WorldConfig
from idiolect.evaluation.report import report
from idiolect.evaluation.run import evaluate
from idiolect.models.hf import HFModel

FIELDS = [
    "method",
    "task",
    "seed",
    "user",
    "query",
    "arm",
    "prediction",
    "target",
    "score",
    "prompt_tokens",
    "milliseconds",
]


def experiment(folder: Path, **changes: Any) -> Experiment:
    given = {"methods": ("ipa",), "presets": "", "out": str(folder / "out"), **changes}
    return Experiment(world=WorldConfig(users=5, learners=2, file=str(world(folder / "world.json"))), **given)


def lines(out: Path) -> list[dict[str, Any]]:
    return [json.loads(x) for x in (out / "examples.jsonl").read_text().splitlines()]


def test_a_method_that_shows_the_users_examples_gains_and_loses_it_under_anothers(tmp_path: Path) -> None:
    (row,) = table.read(evaluate(experiment(tmp_path), model=Parrot()))
    assert (row.score, row.base, row.swapped) == (1.0, 0.0, 0.0)
    assert row.gain_low == row.swapped_low == 1.0


def test_every_arm_that_applies_is_answered_once_for_each_question(tmp_path: Path) -> None:
    out = evaluate(experiment(tmp_path), model=Parrot())
    assert all(set(FIELDS) <= set(e) for e in lines(out))
    count = {arm: sum(e["arm"] == arm for e in lines(out)) for arm in {e["arm"] for e in lines(out)}}
    assert count == {"own": 15, "base": 15, "swapped": 15, "copy": 15}


def test_copying_answers_as_the_nearest_example_does(tmp_path: Path) -> None:
    (row,) = table.read(evaluate(experiment(tmp_path), model=Parrot()))
    assert row.copy == 1.0


def test_a_method_that_draws_nothing_runs_under_one_seed(tmp_path: Path) -> None:
    (row,) = table.read(evaluate(experiment(tmp_path, seeds=(4, 5, 6)), model=Parrot()))
    assert row.seeds == 1


def test_a_run_that_was_killed_goes_on_where_it_stopped(tmp_path: Path) -> None:
    whole = evaluate(experiment(tmp_path), model=Parrot())
    rows = table.read(whole)
    text = (whole / "examples.jsonl").read_text().splitlines(keepends=True)
    (whole / "examples.jsonl").write_text("".join(text[:20]) + text[20][:30])
    parrot = Parrot()
    evaluate(experiment(tmp_path), model=parrot)
    assert len(lines(whole)) == len(text)
    assert parrot.asked == sum(json.loads(x)["arm"] != "copy" for x in text[20:])
    again = [{k: v for k, v in vars_of(r).items() if k != "ms_per_query"} for r in table.read(whole)]
    assert again == [{k: v for k, v in vars_of(r).items() if k != "ms_per_query"} for r in rows]


def test_a_finished_run_asks_nothing(tmp_path: Path) -> None:
    evaluate(experiment(tmp_path), model=Parrot())
    parrot = Parrot()
    evaluate(experiment(tmp_path), model=parrot)
    assert parrot.asked == 0


def test_a_folder_grows_by_methods_and_does_not_ask_the_base_again(tmp_path: Path) -> None:
    evaluate(experiment(tmp_path), model=Parrot())
    parrot = Parrot()
    out = evaluate(experiment(tmp_path, methods=("ipa", "ipa | ipa")), model=parrot)
    assert [r.method for r in table.read(out)] == ["ipa", "ipa | ipa"]
    assert parrot.asked == 30  # own and swapped


def test_a_folder_of_other_settings_is_refused(tmp_path: Path) -> None:
    evaluate(experiment(tmp_path), model=Parrot())
    with pytest.raises(BadInput, match="begun under another experiment"):
        evaluate(experiment(tmp_path, queries=2), model=Parrot())


def test_a_folder_of_another_model_is_refused(tmp_path: Path) -> None:
    evaluate(experiment(tmp_path), model=Parrot())
    other = Parrot()
    other.digest = "parrot-2"
    with pytest.raises(BadInput, match="digest"):
        evaluate(experiment(tmp_path), model=other)


def test_a_learning_curve_starts_without_any_history(tmp_path: Path) -> None:
    out = evaluate(experiment(tmp_path, history=(0, 1, 4)), model=Parrot())
    curve = json.loads((out / "results.json").read_text())["curve"]
    assert [(p["history"], p["score"]) for p in curve] == [(0, 0.0), (1, 1.0), (4, 1.0)]
    assert table.read(out)[0].score == 1.0


def test_progress_ends_at_the_number_of_answers(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    evaluate(experiment(tmp_path), lambda *news: told.append(news), model=Parrot())
    assert told[0] == ("ipa, tag, seed 0: own", 0, 60)
    assert told[-1][1:] == (60, 60)


def test_a_task_that_nobody_is_asked_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="These users have questions on: tag"):
        evaluate(experiment(tmp_path, tasks=("rate",)), model=Parrot())


def vars_of(row: table.Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in table.COLUMNS}


def test_one_vector_for_everybody_is_measured_as_everybodys_and_as_the_learners(tmp_path: Path, llama: HFModel) -> None:
    arms, presets = ("own", "pooled", "cousin"), tmp_path / "quick.toml"
    presets.write_text("[methods.user_adapter]\ntune = false\nrecipe = { steps = 2 }\n")
    given = experiment(tmp_path, methods=("user_adapter",), seeds=(0,), queries=1, arms=arms, presets=str(presets))
    out = evaluate(given, model=llama)
    whose = {(e["arm"], e["user"]): e["data_of"] for e in lines(out)}
    users = {u for _, u in whose}
    assert len(users) == 5
    assert whose == {(arm, u): "everybody" if arm == "pooled" else u for arm in arms for u in users}
    (row,) = table.read(out)
    assert None not in (row.pooled, row.pooled_low, row.cousin)
    told = [json.loads(x) for x in (out / "costs.jsonl").read_text().splitlines()]
    assert {c["arm"]: c["trained_parameters"] for c in told} == {"own": llama.width, "cousin": 0}


@pytest.mark.parametrize(("together", "learnt"), [("[]", [["rewrite"], ["tag"]]), ('["oppu"]', [["rewrite", "tag"]])])
def test_a_method_learns_for_each_task_by_itself_or_for_all_together(
    tmp_path: Path, llama: HFModel, together: str, learnt: list[list[str]]
) -> None:
    presets = tmp_path / "quick.toml"
    presets.write_text(
        f"[learns]\ntogether = {together}\n[methods.oppu]\n"
        "task_recipe = { steps = 1 }\nrecipe = { steps = 3, lr = 0.1 }\nuser = { rank = 2 }\n"
    )
    world = WorldConfig(users=2, learners=1)
    asked = Experiment(world=world, methods=("oppu",), seeds=(0,), queries=1, arms=("own",), presets=str(presets))
    out = evaluate(replace(asked, out=str(tmp_path / "out")), model=llama)
    costs = [json.loads(x) for x in (out / "costs.jsonl").read_text().splitlines()]
    assert sorted(sorted(c["tasks"]) for c in costs) == learnt
    assert {r.task for r in table.read(out)} == {"tag", "rewrite"}
    assert all(r.adapt_seconds > 0 and r.trained_parameters for r in table.read(out))


@pytest.mark.slow
def test_what_other_tasks_teach_is_learnt_without_the_one_that_is_asked(tmp_path: Path, llama: HFModel) -> None:
    presets = tmp_path / "quick.toml"
    presets.write_text("[methods.user_adapter]\ntune = false\nrecipe = { steps = 2, lr = 0.1 }\n")
    world, arms = WorldConfig(users=2, learners=1), ("own", "across")
    given = {"methods": ("user_adapter",), "seeds": (0,), "queries": 1, "presets": str(presets)}
    asked = Experiment(world=world, arms=arms, out=str(tmp_path / "out"), **given)
    out = evaluate(asked, model=llama)
    used = {(e["arm"], e["task"]): e["used_count"] for e in lines(out)}
    assert used["own", "tag"] == used["across", "rate"] == 32
    assert used["own", "rate"] == used["across", "tag"] == 16
    costs = [json.loads(x) for x in (out / "costs.jsonl").read_text().splitlines()]
    assert {(c["arm"], *c["tasks"]) for c in costs} == {
        ("own", "tag"),
        ("across", "rate"),
        ("own", "rate"),
        ("across", "tag"),
    }
    alone = evaluate(replace(asked, arms=("own",), out=str(tmp_path / "alone")), model=llama)
    assert table.read(alone)[0].score == table.read(out)[0].score


def test_a_folder_begun_with_tasks_apart_is_not_gone_on_with_together(tmp_path: Path, llama: HFModel) -> None:
    presets = tmp_path / "quick.toml"
    quick = "[methods.user_adapter]\ntune = false\nrecipe = { steps = 1 }\n"
    presets.write_text(quick)
    asked = Experiment(
        world=WorldConfig(users=2, learners=1), methods=("user_adapter",), seeds=(0,), queries=1, arms=("own",)
    )
    asked = replace(asked, presets=str(presets), out=str(tmp_path / "out"))
    evaluate(asked, model=llama)
    presets.write_text(f'[learns]\ntogether = ["user_adapter"]\n{quick}')
    with pytest.raises(BadInput, match="another settings of user_adapter"):
        evaluate(asked, model=llama)


def test_a_folder_whose_data_has_changed_is_refused(tmp_path: Path) -> None:
    evaluate(experiment(tmp_path), model=Parrot())
    planted = tmp_path / "world.json"
    told = planted.read_text()
    again = experiment(tmp_path)  # writes the file anew
    planted.write_text(told.replace("film number 1", "film number 9"))
    with pytest.raises(BadInput, match="asked differ"):
        evaluate(again, model=Parrot())


def test_answers_without_their_head_are_nobodys(tmp_path: Path) -> None:
    out = evaluate(experiment(tmp_path), model=Parrot())
    (out / "experiment.json").unlink()
    with pytest.raises(BadInput, match="nobody knows under what"):
        evaluate(experiment(tmp_path), model=Parrot())


@pytest.mark.slow
def test_a_report_of_a_run_that_was_cut_off_says_so(tmp_path: Path) -> None:
    out = evaluate(experiment(tmp_path), model=Parrot())
    assert "is not finished" not in report(out).read_text()
    text = (out / "examples.jsonl").read_text().splitlines(keepends=True)
    (out / "examples.jsonl").write_text("".join(text[:40]))
    assert "This run is not finished: 40 of 60 answers are there." in report(out).read_text()


def test_answers_that_two_versions_of_a_metric_scored_are_not_averaged(tmp_path: Path) -> None:
    out = evaluate(experiment(tmp_path), model=Parrot())
    text = (out / "examples.jsonl").read_text()
    (out / "examples.jsonl").write_text(text.replace("oracle@1", "oracle@2", 1))
    with pytest.raises(BadInput, match="scored by oracle@1 and by oracle@2"):
        table.write(out)


def test_a_folder_filled_under_two_versions_names_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate(experiment(tmp_path), model=Parrot())
    monkeypatch.setattr("idiolect.evaluation.head.versions", lambda: {"python": "9.9"})
    out = evaluate(experiment(tmp_path), model=Parrot())
    (python,) = json.loads((out / "results.json").read_text())["versions"].values()
    assert python.endswith(" and 9.9")
