from __future__ import annotations

import math

import numpy as np
import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.significance.effects import cliffs_delta, cohen_d, detectable, effect, family


def test_cohens_d_by_hand() -> None:
    assert cohen_d([1, 2, 3]) == 2  # mean 2, standard deviation 1


@pytest.mark.parametrize(("values", "d"), [([0.5] * 4, math.inf), ([-0.5] * 4, -math.inf), ([0.0] * 4, 0.0)])
def test_differences_without_spread_are_infinitely_large_or_none(values: list[float], d: float) -> None:
    assert cohen_d(values) == d


def test_one_user_has_no_spread() -> None:
    assert math.isnan(cohen_d([0.3]))


def test_cliffs_delta_by_hand() -> None:
    assert cliffs_delta([3, 4, 5], [1, 2]) == 1
    assert cliffs_delta([1, 2], [3, 4, 5]) == -1
    assert cliffs_delta([1, 2, 3], [1, 2, 3]) == 0
    assert cliffs_delta([2, 2, 5], [1, 2, 6]) == pytest.approx((1 - 1 + 1 - 1 + 2 - 1) / 9)


def test_the_detectable_difference_by_hand() -> None:
    values = np.tile([-1.0, 1.0], 50)
    deviation = values.std(ddof=1)
    assert detectable(values) == pytest.approx((1.959964 + 0.841621) * deviation / 10, abs=1e-6)
    assert detectable(values, comparisons=10) > detectable(values)


def test_a_difference_of_that_size_is_found_four_times_in_five() -> None:
    draw = np.random.default_rng(0)
    size = detectable(draw.normal(0, 1, 10_000)) * 100 / math.sqrt(50)  # for 50 users of deviation 1
    z = [(x := draw.normal(size, 1, 50)).mean() / (x.std(ddof=1) / math.sqrt(50)) for _ in range(2000)]
    assert np.mean(np.array(z) > 1.96) == pytest.approx(0.8, abs=0.03)


def test_one_user_does_not_say_how_users_differ() -> None:
    with pytest.raises(BadInput, match="1 users do not say"):
        detectable([0.3])


def people(shift: float, seed: int, users: int = 40) -> dict[str, float]:
    draw = np.random.default_rng(seed)
    return {f"u{i}": float(v) for i, v in enumerate(draw.normal(shift, 1, users))}


def test_a_clear_gain_is_clear_by_every_measure() -> None:
    base = people(0, 0)
    better = {u: v + 0.5 + 0.1 * (i % 3) for i, (u, v) in enumerate(base.items())}
    found = effect("ipa", better, "no method", base)
    assert found.clear
    assert max(found.interval.p, found.permutation_p, found.wilcoxon_p) < 1e-3
    assert (found.better, found.worse) == (40, 0)
    assert found.cohen_d > 5
    assert 0 < found.cliffs_delta < 1
    assert found.sentence.startswith("ipa is better than no method")


def test_where_less_is_better_the_sign_turns() -> None:
    low, high = {"a": 1.0, "b": 2.0, "c": 0.5}, {"a": 2.0, "b": 3.5, "c": 1.0}
    found = effect("ours", low, "theirs", high, sign=-1)
    assert found.interval.mean == 1
    assert (found.better, found.cliffs_delta > 0) == (3, True)


def test_noise_cannot_be_told_and_the_sentence_says_what_could_have_been() -> None:
    found = effect("ipa", people(0, 1), "no method", people(0, 2))
    assert not found.clear
    assert "cannot be told from no method" in found.sentence
    assert f"below {found.interval.detectable:.3f} so few would mostly not show it" in found.sentence
    assert found.interval.detectable == pytest.approx(found.detectable, rel=0.05)


def test_only_users_of_both_sides_are_compared() -> None:
    found = effect("a", {"ann": 1, "bob": 2, "cid": 9}, "b", {"ann": 0, "bob": 1, "dan": 9})
    assert (found.interval.users, found.interval.mean) == (2, 1)
    with pytest.raises(BadInput, match="1 users are on both sides"):
        effect("a", {"ann": 1, "bob": 2}, "b", {"ann": 0})


def test_among_many_comparisons_what_chance_gives_is_no_longer_clear() -> None:
    base = people(0, 0)
    noise = [effect(f"m{n}", people(0, 10 + n), "no method", base) for n in range(19)]
    shift = people(0.45, 99)
    found = effect("shift", {u: base[u] + v for u, v in shift.items()}, "no method", base)
    assert found.clear
    adjusted = family([*noise, found])
    assert adjusted[-1].holm_p == pytest.approx(min(1, 20 * found.permutation_p))
    assert not any(e.clear for e in adjusted[:-1])
    if not adjusted[-1].clear:
        assert "Among so many comparisons" in adjusted[-1].sentence


def test_the_same_scores_in_another_order_are_neither_better_nor_worse() -> None:
    one, other = (0.1 + 0.2 + 0.3) / 3, (0.3 + 0.2 + 0.1) / 3
    assert one != other
    found = effect("a", dict.fromkeys("abcdefgh", one), "b", dict.fromkeys("abcdefgh", other))
    assert (found.better, found.worse, found.cohen_d, found.clear) == (0, 0, 0.0, False)
