from __future__ import annotations

import numpy as np
import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import compute, get

GOLD, SAID = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 1, 0, 1, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("name", "score"),
    [("accuracy", 0.8), ("f1_binary", 0.75), ("f1_macro", 0.791667), ("f1_micro", 0.8), ("mcc", 0.583333)],
)
def test_two_classes_by_hand(name: str, score: float) -> None:
    assert compute(name, SAID, GOLD) == pytest.approx(score, abs=1e-6)


@pytest.mark.parametrize(("name", "score"), [("accuracy", 0.6), ("f1_binary", 0.0), ("mcc", 0.0)])
def test_never_saying_yes_is_accurate_and_useless(name: str, score: float) -> None:
    assert compute(name, [0] * 10, GOLD) == score


@pytest.mark.parametrize(("name", "score"), [("accuracy", 0.666667), ("f1_macro", 0.655556), ("mcc", 0.522233)])
def test_three_classes_by_hand(name: str, score: float) -> None:
    assert compute(name, [0, 1, 1, 1, 2, 0], [0, 0, 1, 1, 2, 2]) == pytest.approx(score, abs=1e-6)


def test_a_class_that_is_only_said_lowers_macro_f1() -> None:
    assert compute("f1_macro", ["a", "b", "junk"], ["a", "b", "b"]) == pytest.approx((1 + 2 / 3 + 0) / 3)


def test_the_positive_class_can_be_named() -> None:
    assert compute("f1_binary", ["yes", "No."], ["yes", "Yes"], positive="Yes") == pytest.approx(2 / 3)


def test_a_label_forgives_letter_case_and_a_full_stop() -> None:
    assert compute("accuracy", ["Salty."], ["salty"]) == 1


def test_exact_forgives_neither() -> None:
    assert compute("exact", ["Salty", "salty."], ["salty", "salty"]) == 0


def test_a_missing_label_is_refused() -> None:
    with pytest.raises(BadInput, match="example 1 has none"):
        compute("accuracy", ["a", None], ["a", "b"])


def test_ratings_by_hand() -> None:
    said, gold = [1, 3, 3, 2, 5], [1, 2, 3, 4, 5]
    assert (compute("mae", said, gold), compute("rmse", said, gold)) == (0.6, 1.0)


def test_a_rating_is_the_first_number_of_a_text() -> None:
    assert compute("mae", ["1", "I give it 3", "3.0 stars", "2!", "5"], list("12345")) == 0.6


@pytest.mark.parametrize(("gold", "error"), [("2", 3), ("4", 3), ("3", 2)])
def test_a_rating_that_cannot_be_read_counts_as_the_farther_end(gold: str, error: float) -> None:
    assert compute("mae", ["no idea"], [gold]) == error
    assert compute("rmse", ["no idea"], [gold]) == error


def test_a_number_outside_the_scale_is_no_rating() -> None:
    assert compute("mae", ["202 people liked it", "-3"], ["4", "2"]) == 3
    assert compute("mae", [5.4, 0.5], [5, 1]) == pytest.approx(0.45)  # a method's own number, not read from a text
    assert compute("mae", ["8"], ["9"]) == 1  # the scale is at least as wide as what was given


def test_ratings_want_numbers_to_compare_with() -> None:
    with pytest.raises(BadInput, match="'good' holds no number"):
        compute("rmse", ["3"], ["good"])


def test_fewer_errors_are_better() -> None:
    assert not get("mae").higher_is_better
    assert not get("rmse").higher_is_better


@pytest.mark.parametrize("said", [[1.0, 0.0], [True, False], np.array([1.0, 0.0]), np.array([1, 0], dtype=np.int8)])
@pytest.mark.parametrize("name", ["accuracy", "f1_macro", "f1_binary"])
def test_numbers_that_are_equal_are_one_label(name: str, said: list[float]) -> None:
    assert compute(name, said, [1, 0]) == 1
