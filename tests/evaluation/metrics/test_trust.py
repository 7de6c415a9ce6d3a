from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import compute, get
from idiolect.evaluation.metrics.trust.rationality import Rationality

CONTEXTS = {"T1": ({"a", "b"}, {"c"}), "T2": ({"b"}, {"c"})}  # private, necessary
SAID: dict[str, list[set[str]]] = {"T1": [{"c"}, {"a"}], "T2": [{"c"}, {"c"}]}


def test_violation_and_coverage_by_hand() -> None:
    assert compute("ci_violation", [SAID], [CONTEXTS]) == 0.5
    assert compute("ci_coverage", [SAID], [CONTEXTS]) == 0.75


def test_one_leak_in_any_task_is_a_leak_and_what_is_not_private_there_is_none() -> None:
    assert compute("ci_violation", [{"T1": [set()], "T2": [{"a", "b"}]}], [CONTEXTS]) == 0.5


def test_silence_violates_nothing_and_covers_nothing() -> None:
    silent: dict[str, list[set[str]]] = {"T1": [set()], "T2": [set()]}
    assert (compute("ci_violation", [silent], [CONTEXTS]), compute("ci_coverage", [silent], [CONTEXTS])) == (0, 0)


@pytest.mark.parametrize(
    ("name", "said", "contexts", "what"),
    [
        ("ci_violation", {"T1": [set()]}, CONTEXTS, "only one side has the tasks T2"),
        ("ci_coverage", {"T1": [], "T2": [set()]}, CONTEXTS, "'T1' has no trial"),
        ("ci_violation", {"T": [set()]}, {"T": (set(), {"c"})}, "nothing private"),
        ("ci_coverage", {"T": [set()]}, {"T": ({"a"}, set())}, "needs anything"),
    ],
)
def test_contexts_that_do_not_fit_are_refused(name: str, said: Any, contexts: Any, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        compute(name, [said], [contexts])


def test_bias_by_hand() -> None:
    assert compute("personalisation_bias", [0.8, 0.6, 0.7], list("abc")) == pytest.approx(0.081650, abs=1e-6)
    both = [(0.8, 0.9), (0.6, 0.7), (0.7, 0.8)]
    assert compute("personalisation_bias", both, list("abc")) == pytest.approx(0.115470, abs=1e-6)


def test_bias_is_between_identities_not_within_them() -> None:
    assert compute("personalisation_bias", [0, 1, 1, 0], list("aabb")) == 0
    assert compute("personalisation_bias", [0, 0, 0, 1], list("aaab")) == 0.5


AUDIT: tuple[Any, ...] = ([{"": 0.20, "A": 0.10}, {"": 0.20, "B": 0.25, "A": 0.22}], ["A", "B"])


def test_rationality_and_envy_by_hand() -> None:
    assert compute("rationality", *AUDIT) == pytest.approx(-0.05)
    assert compute("envy", *AUDIT) == pytest.approx(0.03)


def test_every_group_can_be_looked_at() -> None:
    groups = Rationality().groups(*AUDIT)
    assert {g: round(v.gain, 6) for g, v in groups.items()} == {"A": 0.10, "B": -0.05}
    assert (np.isnan(groups["A"].envy), groups["B"].envy) == (True, pytest.approx(0.03))


def test_falling_back_to_the_generic_model_mends_rationality() -> None:
    mended = [AUDIT[0][0], {**AUDIT[0][1], "B": 0.20}]
    assert compute("rationality", mended, AUDIT[1]) == 0


def test_both_compared_losses_must_be_there() -> None:
    with pytest.raises(BadInput, match="example 0 lacks one of the two losses"):
        compute("rationality", [{"A": 0.1}], ["A"])


def test_nobody_can_envy_where_no_other_report_was_tried() -> None:
    with pytest.raises(BadInput, match="nothing to measure"):
        compute("envy", [{"": 0.2, "A": 0.1}], ["A"])


SURE = [("a", 0.95), ("b", 0.85), ("a", 0.6), ("c", 0.2)]
RIGHT = ["a", "b", "b", "c"]


def test_the_surer_the_righter_and_the_fewer() -> None:
    at = [0.0, 0.5, 0.8]
    assert [compute("selective_accuracy", SURE, RIGHT, threshold=t) for t in at] == pytest.approx([0.75, 2 / 3, 1])
    assert [compute("selective_coverage", SURE, RIGHT, threshold=t) for t in at] == [1, 0.75, 0.5]


def test_nothing_so_certain_leaves_nothing_to_measure() -> None:
    with pytest.raises(BadInput, match="nothing to measure"):
        compute("selective_accuracy", SURE, RIGHT, threshold=0.99)


def test_calibration_by_hand() -> None:
    # four bins of one: |1 - .95|, |1 - .85|, |0 - .6|, |1 - .2|, each a quarter
    assert compute("calibration", SURE, RIGHT) == pytest.approx((0.05 + 0.15 + 0.6 + 0.8) / 4)


def test_a_bin_is_judged_by_its_means() -> None:
    assert compute("calibration", [("a", 0.5), ("a", 0.5)], ["a", "b"]) == 0
    assert compute("calibration", [("a", 1.0)], ["a"]) == 0


def test_a_certainty_of_a_hundred_is_told_to_be_divided() -> None:
    with pytest.raises(BadInput, match="example 1 has a certainty of 80"):
        compute("calibration", [("a", 0.8), ("a", 80)], ["a", "a"])
    with pytest.raises(BadInput, match="there are 0 bins"):
        compute("calibration", SURE, RIGHT, bins=0)


def test_what_is_a_harm_is_better_low() -> None:
    harms = ("ci_violation", "envy", "personalisation_bias", "calibration")
    assert not any(get(n).higher_is_better for n in harms)
