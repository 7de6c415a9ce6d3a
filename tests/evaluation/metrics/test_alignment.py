from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import compute
from idiolect.evaluation.metrics.alignment.prefeval import KINDS, Checks, PrefEval, kind
from idiolect.evaluation.metrics.trend import fitted


@pytest.mark.parametrize(
    ("checks", "expected"),
    [
        ((0, 0, 1, 1), "unaware"),
        ((0, 1, 1, 1), "unaware"),
        ((1, 1, 1, 1), "hallucination"),
        ((1, 0, 1, 1), "inconsistent"),
        ((1, 1, 0, 1), "correct"),
        ((0, 0, 0, 1), "correct"),
        ((1, 0, 1, 0), "unhelpful"),
    ],
)
def test_the_taxonomy_by_hand(checks: tuple[int, ...], expected: str) -> None:
    assert kind(Checks(*map(bool, checks))) == expected


def test_each_of_the_sixteen_answers_is_one_kind_by_the_papers_formulas() -> None:
    for a, h, v, u in itertools.product([False, True], repeat=4):
        errors = {
            "unaware": not a and v and u,
            "hallucination": a and h and v and u,
            "inconsistent": a and not h and v and u,
            "unhelpful": not u,
        }
        named = [name for name, true in errors.items() if true] or ["correct"]
        assert named == [kind(Checks(a, h, v, u))]


def test_following_is_the_share_without_an_error_and_the_others_are_told_apart() -> None:
    rows = [Checks(True, False, False, True), Checks(False, False, True, True), Checks(True, True, True, False)]
    assert compute("prefeval", rows) == pytest.approx(1 / 3)
    shares = PrefEval().shares(PrefEval().statistics(rows, rows), np.ones(3))
    assert shares == pytest.approx(dict(zip(KINDS, (1 / 3, 1 / 3, 0, 0, 1 / 3), strict=True)))


def test_pref_align_by_hand() -> None:
    assert compute("pref_align", [[5, 3, 2]], [[0.5, 0.3, 0.2]]) == pytest.approx(3.8)


@pytest.mark.parametrize(
    ("grades", "weights", "what"),
    [
        ([5, 3], [1], "has 2 grades"),
        ([5], [-1], "none below 0"),
        ([5], [0], "in sum above 0"),
        ([6], [1], "Grade from 1 to 5"),
        ([0], [1], "Grade from 1 to 5"),
    ],
)
def test_grades_that_cannot_be_weighed_are_refused(grades: Any, weights: Any, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        compute("pref_align", [grades], [weights])


@pytest.mark.parametrize(("found", "score"), [(3.8, 53.3333), (2.7, -20), (3.0, 0), (4.5, 100)])
def test_norm_align_by_hand(found: float, score: float) -> None:
    assert compute("norm_align", [found], [(3, 4.5)]) == pytest.approx(score, abs=1e-4)


def test_an_oracle_no_better_than_nothing_leaves_nothing_to_measure() -> None:
    with pytest.raises(BadInput, match="nothing to measure"):
        compute("norm_align", [3.0], [(3, 3)])


LEVELS = (3, 3.2, 3.6, 3.8, 3.9)


def test_a_line_by_hand() -> None:
    slope, start, explained = fitted(np.array(LEVELS), np.ones(5))
    assert (slope, start, explained) == pytest.approx((0.24, 2.78, 0.96), abs=1e-6)


def test_the_line_is_through_the_means_of_turns() -> None:
    apart = [[level + 0.5 for level in LEVELS], [level - 0.5 for level in LEVELS]]
    assert compute("alignment_slope", apart) == pytest.approx(0.24)
    assert compute("alignment_r2", apart) == pytest.approx(0.96)


def test_turns_that_do_not_apply_are_left_out_of_their_mean() -> None:
    assert compute("alignment_slope", [[1, None, 3], [1, 2, None]]) == pytest.approx(1)


def test_normalised_levels_do_not_depend_on_the_scale() -> None:
    ten = [[10 * level for level in LEVELS]]
    one = compute("alignment_slope", [LEVELS], normalised=True)
    assert compute("alignment_slope", ten, normalised=True) == pytest.approx(one)


def test_one_turn_has_no_slope() -> None:
    with pytest.raises(BadInput, match="no conversation has two turns"):
        compute("alignment_slope", [[3], [4]])
    with pytest.raises(BadInput, match="nothing to measure"):
        compute("alignment_slope", [[3, None], [4, None]])
