from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import Floats, get
from idiolect.evaluation.metrics.classification.accuracy import Accuracy
from idiolect.evaluation.significance import compare, draws, holm, paired, words


def test_limits_hold_the_true_mean_nineteen_times_in_twenty() -> None:
    draw = np.random.default_rng(11)
    held = [(i := paired(draw.normal(0.1, 1, 64), resamples=500, seed=n)).low < 0.1 < i.high for n in range(1000)]
    assert 0.92 < np.mean(held) < 0.96


def test_limits_are_those_of_the_normal_where_users_are_many() -> None:
    values = np.random.default_rng(1).normal(0.5, 2.0, 4000)
    interval = paired(values, resamples=4000)
    half = 1.96 * values.std() / np.sqrt(len(values))
    assert interval.low == pytest.approx(values.mean() - half, abs=0.005)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.005)


def test_p_of_a_difference_that_nobody_lacks_is_the_smallest_there_is() -> None:
    assert paired([0.5] * 20).p == pytest.approx(2 / 10_001)


@pytest.mark.parametrize("users", [1, 3, 5])
def test_a_few_users_who_agree_show_nothing(users: int) -> None:
    interval = paired([0.5] * users)
    assert not interval.clear
    assert interval.p == 2 ** (1 - users)
    assert "so few show nothing" in words("ipa", interval, "no method")


def test_differences_of_the_last_bits_are_none() -> None:
    interval = paired([1e-17] * 20)
    assert (interval.low, interval.high, interval.clear) == (0.0, 0.0, False)


def test_no_difference_at_all_has_p_of_one() -> None:
    interval = paired([0.0] * 8)
    assert (interval.low, interval.high, interval.p) == (0.0, 0.0, 1.0)


def test_p_is_uniform_where_there_is_no_difference() -> None:
    draw = np.random.default_rng(2)
    p = [paired(draw.normal(0, 1, 50), resamples=1000, seed=n).p for n in range(300)]
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.09
    assert 0.4 < np.mean(p) < 0.6


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=20))
@settings(max_examples=30)
def test_turning_the_sides_round_turns_the_limits_round(values: list[float]) -> None:
    one, other = paired(values, resamples=500), paired([-v for v in values], resamples=500)
    assert (one.mean, one.p) == pytest.approx((-other.mean, other.p))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_resamples_do_not_depend_on_how_they_are_cut_into_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = np.concatenate(list(draws(7, 100, seed=3)))
    monkeypatch.setattr("idiolect.evaluation.significance.bootstrap.CHUNK", 70)
    assert (np.concatenate(list(draws(7, 100, seed=3))) == whole).all()


def test_a_score_that_is_no_number_is_refused() -> None:
    with pytest.raises(BadInput, match="NaN"):
        paired([0.1, float("nan")])


def test_nobody_is_refused() -> None:
    with pytest.raises(BadInput, match="no user"):
        paired([])


def test_a_metric_compared_by_weights_gives_what_the_mean_of_users_gives() -> None:
    draw = np.random.default_rng(4)
    owners = [f"u{i}" for i in range(10) for _ in range(1 + i % 3)]
    a, b = (draw.integers(0, 2, (len(owners), 1)).astype(float) for _ in range(2))
    weighed = compare(Accuracy(), a, b, owners, resamples=400)
    users = np.array([np.mean((a - b)[[o == u for o in owners]]) for u in sorted(set(owners))])
    plain = paired(users, resamples=400)
    assert (weighed.mean, weighed.low, weighed.high) == pytest.approx((plain.mean, plain.low, plain.high))


def test_a_metric_that_is_no_mean_is_reduced_anew_in_each_resample() -> None:
    class RootMeanSquare(Accuracy):
        higher_is_better = False

        def reduce(self, statistics: Floats, weights: Floats) -> Floats:
            return np.sqrt(super().reduce(statistics, weights))

    a, b = np.full((8, 1), 4.0), np.full((8, 1), 9.0)
    interval = compare(RootMeanSquare(), a, b, [f"u{i}" for i in range(8)], resamples=50)
    assert (interval.mean, interval.low) == pytest.approx((1.0, 1.0))  # 3 - 2, and less is better


def test_holm_multiplies_by_how_many_are_left_and_never_falls() -> None:
    # sorted .01 .02 .03 .04: 4 x .01, 3 x .02, 2 x .03, then .04 is lifted to what stands before it
    assert holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_of_one_changes_nothing() -> None:
    assert holm([0.03]) == [0.03]


def test_noise_is_called_noise() -> None:
    assert "cannot be told from no method" in words("ipa", paired([0.5, -0.5, 0.4, -0.4]), "no method")


def test_a_clear_gain_is_called_better() -> None:
    assert words("ipa", paired([0.5] * 9), "no method").startswith("ipa is better than no method (+0.500")


def test_a_metric_over_pairs_is_compared_by_drawing_its_users() -> None:
    metric, draw = get("degress", weighted=False), np.random.default_rng(0)
    own = draw.random((6, 6))
    statistics = np.ones((6, 6, 6))
    statistics[..., 0] = own + own.T
    close, far = statistics.copy(), statistics.copy()
    close[..., 1], far[..., 1] = statistics[..., 0] * 0.9, statistics[..., 0] * 0.1
    interval = compare(metric, close, far, [f"u{i}" for i in range(6)], resamples=300)
    assert interval.mean == pytest.approx(0.8, abs=1e-3)
    assert interval.low > 0.79  # had a user been paired with his copy, alike by nature, this would fall


def test_a_user_stands_once_among_the_pairs() -> None:
    pairs = np.zeros((2, 2, 6))
    with pytest.raises(BadInput, match="stands twice"):
        compare(get("egises"), pairs, pairs, ["ann", "ann"])


def test_draws_that_leave_nothing_to_measure_are_refused() -> None:
    metric = get("selective_accuracy")
    statistics = metric.statistics([("a", 0.9), ("a", 0.1)], ["a", "a"])
    with pytest.raises(BadInput, match="of the draws of users there is nothing to measure"):
        compare(metric, statistics, statistics, ["ann", "bob"], resamples=50)


def test_both_sides_have_the_same_examples() -> None:
    with pytest.raises(BadInput, match="1 and 2 examples for 2 owners"):
        compare(get("exact"), np.zeros((1, 1)), np.zeros((2, 1)), ["a", "b"])


def test_the_detectable_difference_is_2_8_standard_errors() -> None:
    values = np.random.default_rng(1).normal(0, 2.0, 900)
    assert paired(values).detectable == pytest.approx(2.8016 * values.std() / 30, rel=0.03)
