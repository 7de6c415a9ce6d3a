from __future__ import annotations

import importlib
import math
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from idiolect.core.errors import BadInput, MissingExtra, UnknownName
from idiolect.evaluation import metrics
from idiolect.evaluation.metrics import Named, compute, each, evenly, get, names, value
from idiolect.evaluation.metrics.oracle import Oracle


def test_the_name_of_a_metric_is_that_of_its_file() -> None:
    files = [f.stem for f in Path(metrics.__file__).parent.glob("*/*.py") if f.stem != "__init__"]
    assert sorted(files) == names()  # which also says that no name stands in two folders
    assert all(get(n).name == n for n in names())


def test_every_metric_states_its_version() -> None:
    assert all(get(n).signature.startswith(f"{n}@{get(n).card.version}") for n in names())


def test_options_and_libraries_stand_in_the_signature() -> None:
    assert get("rouge_l", stemmer=True).signature == "rouge_l@1 rouge-score=0.1.2 stemmer=yes script=latin"
    assert get("ndcg", k=5).signature == "ndcg@1 k=5"


def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    made = get("rouge_l", stemmer=True)
    monkeypatch.setattr(type(made), "card", replace(made.card, library="no-such-package"))
    with pytest.raises(MissingExtra, match=r"no-such-package is not installed.*idiolect\[eval\]"):
        _ = made.signature


def test_listing_the_metrics_imports_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib, "import_module", None)
    assert "rouge_l" in names()


def test_a_metric_that_does_not_exist_is_named_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean rouge_l"):
        get("rouge_1l")


def test_an_option_that_does_not_exist_is_named_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="no option of rouge_1 called 'stemer'; did you mean stemmer"):
        get("rouge_1", stemer=True)


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(BadInput, match="1 predictions for 2 references"):
        compute("exact", ["a"], ["a", "b"])


def test_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match="0 predictions"):
        compute("exact", [], [])


def test_only_metrics_that_need_none_do_without_references() -> None:
    with pytest.raises(BadInput, match="given no references"):
        compute("exact", ["a"])
    assert compute("perplexity", [[math.log(0.1)] * 4]) == pytest.approx(10)


@pytest.mark.parametrize(
    ("name", "predictions", "references"),
    [
        ("mae", ["3", math.nan], ["3", "4"]),
        ("accuracy", ["a", math.nan], ["a", "b"]),
        ("perplexity", [[-1.0], [math.nan]], ["a", "b"]),
        ("pref_align", [[3], [math.nan]], [[1], [1]]),
        ("norm_align", [3, math.nan], [(2, 4), (2, 4)]),
        ("personalisation_bias", [0.5, math.nan], ["a", "b"]),
        ("rationality", [{"": 1, "a": 1}, {"": 1, "a": math.inf}], ["a", "a"]),
        ("calibration", [("a", 0.5), ("a", math.nan)], ["a", "a"]),
        ("alignment_slope", [[1, 2], [math.nan, 3]], ["a", "b"]),
    ],
)
def test_a_score_that_is_no_number_is_refused(name: str, predictions: list[Any], references: list[Any]) -> None:
    with pytest.raises(BadInput, match="example 1"):
        compute(name, predictions, references)


def test_two_mappings_are_brought_together_by_their_ids() -> None:
    assert compute("exact", {"2": "b", "1": "a"}, {"1": "a", "2": "b"}) == 1


def test_ids_on_one_side_only_are_refused() -> None:
    with pytest.raises(BadInput, match="only one side goes by ids"):
        compute("exact", {"1": "a"}, ["a"])


def test_users_weigh_the_same_however_many_examples_they_have() -> None:
    assert compute("exact", list("aaab"), list("aaac")) == 0.75
    assert compute("exact", list("aaab"), list("aaac"), users=["ann", "ann", "ann", "bob"]) == 0.5
    assert evenly(["ann", "ann", "ann", "bob"]).tolist() == [2 / 3, 2 / 3, 2 / 3, 2]


def test_every_example_needs_its_user() -> None:
    with pytest.raises(BadInput, match="1 users for 2 predictions"):
        compute("exact", ["a", "b"], ["a", "b"], users=["ann"])


def test_the_oracle_scores_what_the_world_planted() -> None:
    oracle = Oracle(lambda probe, text: float(probe["value"] in text))
    assert value(oracle, ["in Oslo", "nowhere"], [{"value": "Oslo"}] * 2) == 0.5


TEXTS = ["the cat sat on the mat", "a dog ran", "the sun and the moon", "so it goes on and on"]
SAID = ["the cat lay on a mat", "a dog", "moon the sun", "on and on it goes so it goes on"]
GROUPS = ["a", "b", "a", "b"]
CASES: dict[str, tuple[list[Any], list[Any]]] = {
    "accuracy": (list("abca"), list("abba")),
    "f1_binary": (list("1101"), list("1011")),
    "mae": (list("1234"), list("2242")),
    "perplexity": ([[-1.0, -2.0], [-0.5], [-3.0], [-0.1]], TEXTS),
    "hit_rate": ([list("abc"), list("bca"), list("cab"), list("dab")], [{"a"}, {"b", "d"}, {"z"}, {"d", "x"}]),
    "alignment_slope": ([[1, 2, 4], [2, None, 3], [3, 3], [1, 5, 2]], TEXTS),
    "prefeval": ([(1, 0, 0, 1), (0, 0, 1, 1), (1, 1, 1, 1), (1, 1, 1, 0)], TEXTS),
    "pref_align": ([[5, 3], [2, 2], [1, 4], [3, 3]], [[0.5, 0.5], [1, 0], [0.2, 0.8], [1, 1]]),
    "norm_align": ([3.8, 2.7, 3.0, 4.0], [(3, 4.5), (3, 4.5), (2, 4), (3, 5)]),
    "ci_violation": ([{"t": [set("a")]}, {"t": [set()]}] * 2, [{"t": (set("ab"), set("c"))}] * 4),
    "personalisation_bias": ([0.8, 0.6, 0.7, 0.1], GROUPS),
    "rationality": ([{"": 1, "a": 0.5, "b": 0.7}, {"": 0.2, "b": 0.4, "a": 0.1}] * 2, GROUPS),
    "calibration": ([("a", 0.9), ("b", 0.85), ("a", 0.3), ("c", 0.95)], list("abca")),
}
LIKE = {
    "f1_macro": "accuracy",
    "f1_micro": "accuracy",
    "mcc": "accuracy",
    "rmse": "mae",
    "precision_at_k": "hit_rate",
    "recall_at_k": "hit_rate",
    "mrr": "hit_rate",
    "ndcg": "hit_rate",
    "ndcg_exponential": "hit_rate",
    "alignment_r2": "alignment_slope",
    "ci_coverage": "ci_violation",
    "envy": "rationality",
    "selective_accuracy": "calibration",
    "selective_coverage": "calibration",
}
OVER_PAIRS = {"egises", "degress", "p_accuracy", "perseval"}
WITH_A_MODEL = {"sbert"}


@pytest.fixture(params=[n for n in names() if n not in OVER_PAIRS | WITH_A_MODEL])
def case(request: pytest.FixtureRequest) -> tuple[Named, list[Any], list[Any]]:
    return get(request.param), *CASES.get(LIKE.get(request.param, request.param), (SAID, TEXTS))


def test_to_weigh_an_example_twice_is_to_have_it_twice(case: tuple[Named, list[Any], list[Any]]) -> None:
    metric, said, gold = case
    statistics, counts = metric.statistics(said, gold), [2, 0, 1, 3]
    twice = [i for i, n in enumerate(counts) for _ in range(n)]
    repeated = value(metric, [said[i] for i in twice], [gold[i] for i in twice])
    assert float(metric.reduce(statistics, np.array(counts, float))) == pytest.approx(repeated)


def test_many_weights_at_once_give_what_each_gives_alone(case: tuple[Named, list[Any], list[Any]]) -> None:
    metric, said, gold = case
    statistics = metric.statistics(said, gold)
    weights = np.array([[1.0, 1, 1, 1], [2, 0, 1, 1], [0.5, 1.5, 1, 1]])
    alone = [float(metric.reduce(statistics, w)) for w in weights]
    assert metric.reduce(statistics, weights) == pytest.approx(alone)


def test_statistics_of_two_calls_can_be_stacked(case: tuple[Named, list[Any], list[Any]]) -> None:
    metric, said, gold = case
    if metric.name in {"alignment_slope", "alignment_r2"}:
        said = [[*turns, None, None][:3] for turns in said]  # as many turns in each call
    halves = [metric.statistics(said[i : i + 2], gold[i : i + 2]) for i in (0, 2)]
    assert value(metric, said, gold) == pytest.approx(float(metric.reduce(np.concatenate(halves), np.ones(4))))


def test_each_example_alone_is_what_it_is_in_a_list_of_one() -> None:
    metric = get("bleu")
    assert each(metric, metric.statistics(SAID, TEXTS)) == pytest.approx(
        [value(metric, [s], [t]) for s, t in zip(SAID, TEXTS, strict=True)]
    )


def test_the_lines_of_the_document_run_as_they_stand() -> None:
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    shown = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert shown
    for lines in shown:
        exec(compile(lines, "docs/metrics.md", "exec"), {})  # noqa: S102


def test_the_document_has_a_row_for_every_metric() -> None:
    page = (Path(__file__).parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `(\w+)` \| ", page, re.MULTILINE)[: len(names())] == [row[0] for row in metrics.rows()]
