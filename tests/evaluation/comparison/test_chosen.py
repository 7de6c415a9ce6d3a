"""Metrics that an experiment names: for which tasks, and refused before anything is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.parrot import Parrot
from evaluation.test_run import experiment
from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.types import Message, Query
from idiolect.data.dataset import Asked, Dataset
from idiolect.evaluation import table
from idiolect.evaluation.comparison.chosen import chosen
from idiolect.evaluation.experiment import read
from idiolect.evaluation.report import report
from idiolect.evaluation.run import evaluate
from idiolect.evaluation.tasks.dataset import DatasetSource


def source() -> DatasetSource:
    query = Query(messages=(Message("user", "?"),))
    wanted = {"tag": "salty", "rate": "4", "headline": "Four boats on the water"}
    asked = [
        Asked(id=f"{u}{task}", user=u, task=task, query=query, target=w) for u in "ab" for task, w in wanted.items()
    ]
    return DatasetSource(Dataset(name="x", people={"a": (), "b": ()}, questions=tuple(asked)), users=2, learners=0)


def test_a_list_is_for_every_task_and_stands_beside_what_is_reported_anyway() -> None:
    named = read({"metrics": ["bleu", "rouge_l"]}).metrics
    assert chosen(named, source(), ("tag", "headline")) == {
        "tag": ["f1_macro", "bleu", "rouge_l"],
        "headline": ["rouge_1", "bleu"],  # ROUGE-L scores it
    }


def test_a_task_that_is_named_has_its_own_metrics() -> None:
    named = read({"metrics": {"tag": ["mcc"], "*": ["meteor"]}}).metrics
    found = chosen(named, source(), ("tag", "rate", "headline"))
    assert found == {"tag": ["f1_macro", "mcc"], "rate": ["rmse", "meteor"], "headline": ["rouge_1", "meteor"]}


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ({"*": ["mae"]}, r"mae.* cannot measure 'tag'.*under \[metrics\]"),
        ({"tag": ["ndcg"]}, r"ndcg \(recommendation\) does not compare"),
        ({"tag": ["perplexity"]}, "does not compare an answer"),
        ({"tags": ["bleu"]}, "there is no task 'tags'"),
    ],
)
def test_a_metric_that_does_not_fit_is_refused(named: dict[str, list[str]], message: str) -> None:
    with pytest.raises(BadInput, match=message):
        chosen(named, source(), ("tag", "rate"))


def test_an_unknown_metric_is_named_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean meteor"):
        chosen({"tag": ["metero"]}, source(), ("tag",))


def test_what_is_named_stands_in_results_and_report_and_costs_no_answer(tmp_path: Path) -> None:
    evaluate(experiment(tmp_path), model=Parrot())
    parrot = Parrot()
    out = evaluate(experiment(tmp_path, metrics={"tag": ("mcc", "meteor")}), model=parrot)
    assert parrot.asked == 0
    found = {one["metric"]: one for one in table.beside(out)}
    assert (found["mcc"]["score"], found["meteor"]["base"]) == (1.0, 0.0)
    assert json.loads((out / "results.json").read_text())["further"] == list(found.values())
    assert "By other metrics" in report(out).read_text()


def test_nothing_is_asked_where_a_metric_does_not_fit(tmp_path: Path) -> None:
    parrot = Parrot()
    with pytest.raises(BadInput, match="mae"):
        evaluate(experiment(tmp_path, metrics={"*": ("mae",)}), model=parrot)
    assert parrot.asked == 0
