from __future__ import annotations

from typing import Any

import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import compute

RANKED, WANTED = [list("abcde")], [{"b", "d", "z"}]  # relevant: 0 1 0 1 0, and one that is not in the list


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("hit_rate", 1),
        ("precision_at_k", 0.4),
        ("recall_at_k", 0.666667),
        ("ndcg", 0.498189),
        ("ndcg_exponential", 0.498189),
        ("mrr", 0.5),
    ],
)
def test_a_ranking_by_hand(name: str, score: float) -> None:
    assert compute(name, RANKED, WANTED, k=5) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize(("name", "score"), [("ndcg", 0.938557), ("ndcg_exponential", 0.955831)])
def test_grades_by_hand(name: str, score: float) -> None:
    assert compute(name, [list("abc")], [{"a": 3, "b": 0, "c": 2}]) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "score"), [("hit_rate", 0), ("precision_at_k", 0), ("recall_at_k", 0), ("ndcg", 0), ("mrr", 0)]
)
def test_what_stands_below_k_does_not_count(name: str, score: float) -> None:
    assert compute(name, RANKED, WANTED, k=1) == score


def test_the_ideal_order_of_many_relevant_ones_is_cut_at_k() -> None:
    assert compute("ndcg", [list("ab")], [set("abcdef")], k=2) == 1


def test_a_short_list_is_as_long_as_k_for_precision() -> None:
    assert compute("precision_at_k", [["a"]], [{"a"}], k=10) == pytest.approx(0.1)


def test_a_grade_of_zero_is_not_relevant() -> None:
    assert compute("recall_at_k", [list("ab")], [{"a": 0, "b": 1, "c": 2}]) == 0.5


@pytest.mark.parametrize(
    ("ranking", "wanted", "k", "what"),
    [
        (list("aba"), {"a"}, 10, "holds an id twice"),
        (list("ab"), set(), 10, "nothing relevant"),
        (list("ab"), {"a": 0.0}, 10, "nothing relevant"),
        (list("ab"), {"a": 1.0, "b": -1.0}, 10, "a gain below 0"),
        (list("ab"), {"a"}, 0, "k is 0"),
    ],
)
def test_what_cannot_be_ranked_is_refused(ranking: Any, wanted: Any, k: int, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        compute("ndcg", [ranking], [wanted], k=k)
