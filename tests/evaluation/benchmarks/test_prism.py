"""Which reply a person prefers: length is set aside, and a reward of one's own is learnt from other questions."""

from __future__ import annotations

import numpy as np
import pytest

from idiolect.evaluation.benchmarks import linear
from idiolect.evaluation.benchmarks.preference.prism import BALANCED, LENGTH, Pair, balanced, by_length, measure
from idiolect.evaluation.benchmarks.rows import Row

CALM, LOUD = "Rest well now.", "Rest now! Go! Go!"  # the loud one is longer


def people(count: int = 20, questions: int = 8) -> list[Pair]:
    """Every other person likes it loud, and says no word on it in his description."""
    pairs = []
    for u in range(count):
        loud = u % 2 == 0
        for q in range(questions):
            better, worse = (LOUD, CALM) if loud else (CALM, LOUD)
            name = f"The person is number {u}."
            pairs.append(
                Pair(
                    id=f"{u}/{q}",
                    person=name,
                    question=f"question {u} {q}",
                    chosen=better,
                    rejected=worse,
                    kind="unguided",
                )
            )
    return pairs


@pytest.fixture(scope="module")
def rows() -> dict[tuple[str, str, str], Row]:
    return {(r.part, r.method, r.metric): r for r in measure(people(), None)}


def test_on_the_length_balanced_half_length_is_right_in_half() -> None:
    pairs = [p for p in people() if p.chosen == LOUD or p.id.endswith(("0", "1"))]
    longer = by_length(pairs)
    assert longer.mean() == 0.8
    kept = balanced(pairs, longer)
    assert len(kept) == 40
    assert longer[kept].mean() == 0.5


def test_the_gain_over_length_has_paired_limits_on_all_and_on_the_balanced_half(
    rows: dict[tuple[str, str, str], Row],
) -> None:
    for part in ("all", BALANCED):
        gain = rows[part, "reward a person", f"accuracy above the {LENGTH}"]
        assert gain.value == pytest.approx(0.5)
        assert gain.low is not None
        assert gain.low > 0


def test_a_reward_of_ones_own_is_right_where_everybodys_and_anothers_are_not(
    rows: dict[tuple[str, str, str], Row],
) -> None:
    own, all_, other = (
        rows["all", m, "accuracy"] for m in ("reward a person", "one reward for all", "reward of another person")
    )
    assert own.value == 1.0
    assert all_.value < 0.7
    assert other.value < 0.7
    assert (own.ours, own.control, other.control) == (True, False, True)


def test_who_has_one_question_alone_has_everybodys_reward() -> None:
    pairs = people(questions=1)
    found = {(r.part, r.method, r.metric): r.value for r in measure(pairs, None)}
    assert found["all", "reward a person", "accuracy"] == found["all", "one reward for all", "accuracy"]


def test_a_reward_near_everybodys_moves_with_his_pairs_and_stays_without() -> None:
    start = np.array([1.0, 0.0])
    against = np.array([[-1.0, 0.0]] * 5)
    assert linear.near(against[:0], start, 3.0).tolist() == [1.0, 0.0]
    free, held = linear.near(against, start, 0.1), linear.near(against, start, 1000.0)
    assert free[0] < 0 < held[0] < 1
    slope = 0.1 * (free - start) - against.T @ (1 / (1 + np.exp(against @ free)))
    assert np.abs(slope).max() < 1e-8  # where the loss has no slope
