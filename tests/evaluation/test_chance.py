from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy import stats

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import get
from idiolect.evaluation.significance import exchanged, permutation, wilcoxon
from idiolect.evaluation.significance.chance import _swaps


def test_all_exchanges_are_tried_where_they_are_few() -> None:
    values = np.array([0.3, 0.5, -0.1, 0.4])
    means = [np.mean(values * signs) for signs in itertools.product([1, -1], repeat=4)]
    assert permutation(values) == np.mean(np.abs(means) >= abs(values.mean()) - 1e-12) == 4 / 16


def test_drawn_exchanges_come_near_all_of_them() -> None:
    values = np.random.default_rng(0).normal(0.4, 1, 13)
    assert permutation(values, resamples=8000, seed=1) == pytest.approx(permutation(values, resamples=8192), abs=0.02)


def test_drawn_exchanges_come_near_scipys() -> None:
    values = np.random.default_rng(3).normal(0.3, 1, 40)
    theirs = stats.permutation_test((values,), np.mean, permutation_type="samples", n_resamples=5000, rng=1).pvalue
    assert permutation(values, resamples=5000) == pytest.approx(theirs, abs=0.02)


def test_no_p_is_ever_zero() -> None:
    assert permutation([1.0] * 40, resamples=999) == 1 / 1000


def test_no_difference_has_a_p_of_one() -> None:
    assert permutation([0.0] * 5) == wilcoxon([0.0] * 5) == 1


def test_nobody_cannot_change_sides() -> None:
    with pytest.raises(BadInput, match="no user"):
        permutation([])


def test_chunks_do_not_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(_swaps(20, 100, seed=3)))
    monkeypatch.setattr("idiolect.evaluation.significance.chance.CHUNK", 200)
    assert (np.concatenate(list(_swaps(20, 100, seed=3))) == whole).all()


def test_exchanging_a_mean_is_exchanging_its_differences() -> None:
    draw = np.random.default_rng(4)
    owners = [f"u{i}" for i in range(9) for _ in range(1 + i % 3)]
    a, b = (draw.integers(0, 2, (len(owners), 1)).astype(float) for _ in range(2))
    users = [float(np.mean((a - b)[[o == u for o in owners]])) for u in sorted(set(owners))]
    assert exchanged(get("exact"), a, b, owners) == permutation(users)


def test_a_metric_that_is_no_mean_is_reduced_anew_after_each_exchange() -> None:
    metric, gold = get("f1_macro"), list("aabbaabb")
    a, b = metric.statistics(gold, gold), metric.statistics(list("bbaabbaa"), gold)
    owners = [f"u{i}" for i in range(8)]
    assert exchanged(metric, a, b, owners) == 2 / 2**8  # none right or all right are the two farthest
    assert exchanged(metric, a, a, owners) == 1


def test_one_of_a_pair_cannot_change_sides() -> None:
    pairs = np.zeros((3, 3, 6))
    with pytest.raises(BadInput, match="over pairs of users"):
        exchanged(get("egises"), pairs, pairs, ["a", "b", "c"])


def test_ranks_are_scipys_and_one_giant_does_not_decide() -> None:
    values = [0.1, -0.2, 0.3, 0.4, -0.15, 0.6, 50.0]
    assert wilcoxon(values) == stats.wilcoxon(values).pvalue
    assert wilcoxon(values) == wilcoxon([*values[:-1], 0.7])


def test_a_score_that_is_no_number_has_no_p() -> None:
    with pytest.raises(BadInput, match="NaN"):
        permutation([0.1] * 20 + [float("nan")])


def test_exchanges_that_leave_nothing_to_measure_have_no_p() -> None:
    metric, owners = get("selective_accuracy"), [f"u{i}" for i in range(6)]
    unsure, sure = (metric.statistics([("a", c)] * 6, ["a"] * 6) for c in (0.1, 0.9))
    with pytest.raises(BadInput, match="nothing to measure"):
        exchanged(metric, unsure, sure, owners)


def test_equal_differences_have_one_rank_whatever_their_last_bits() -> None:
    assert wilcoxon([0.3, 0.1 + 0.2, -0.3, 0.3]) == wilcoxon([0.3, 0.3, -0.3, 0.3])
