from __future__ import annotations

import pytest
from rouge_score.rouge_scorer import RougeScorer
from sklearn.metrics import accuracy_score, mean_absolute_error

from idiolect.core.errors import BadInput, UnknownName
from idiolect.evaluation.metrics import get, names, value
from idiolect.evaluation.metrics.oracle import Oracle


def test_accuracy_is_scikit_learns() -> None:
    gold, said = list("1111000000"), list("1110100000")
    assert value(get("accuracy"), said, gold) == accuracy_score(gold, said) == 0.8


def test_accuracy_forgives_letter_case_and_a_full_stop() -> None:
    assert value(get("accuracy"), ["Salty."], ["salty"]) == 1


def test_exact_forgives_neither() -> None:
    assert value(get("exact"), ["Salty", "salty."], ["salty", "salty"]) == 0


def test_mae_is_scikit_learns_on_ratings_read_from_text() -> None:
    said = ["1", "I give it 3", "3.0 stars", "2!", "5"]
    assert value(get("mae"), said, list("12345")) == mean_absolute_error([1, 2, 3, 4, 5], [1, 3, 3, 2, 5]) == 0.6


def test_a_rating_that_cannot_be_read_counts_as_the_farther_end() -> None:
    assert value(get("mae"), ["no idea"], ["2"]) == 3


def test_mae_wants_numbers_to_compare_with() -> None:
    with pytest.raises(BadInput, match="holds no number"):
        value(get("mae"), ["3"], ["good"])


@pytest.mark.parametrize(
    ("said", "gold", "score"),
    [
        ("the cat lay on a mat", "the cat sat on the mat", 2 / 3),
        ("mat the on sat cat the", "the cat sat on the mat", 1 / 2),
        ("", "the cat", 0.0),
    ],
)
def test_rouge_l_is_rouge_scores(said: str, gold: str, score: float) -> None:
    theirs = RougeScorer(["rougeL"]).score(gold, said)["rougeL"].fmeasure
    assert value(get("rouge_l"), [said], [gold]) == theirs == pytest.approx(score)


def test_the_oracle_scores_what_the_world_planted() -> None:
    oracle = Oracle(lambda probe, text: float(probe["value"] in text))
    assert value(oracle, ["in Oslo", "nowhere"], [{"value": "Oslo"}] * 2) == 0.5


def test_every_metric_states_its_version() -> None:
    assert all(get(n).signature.startswith(f"{n}@1") for n in names())


def test_a_metric_that_does_not_exist_is_named_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="did you mean rouge_l"):
        get("rouge_1l")


def test_lists_of_different_length_are_refused() -> None:
    with pytest.raises(BadInput, match="1 predictions for 2 references"):
        value(get("exact"), ["a"], ["a", "b"])
