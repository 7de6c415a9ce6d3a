from __future__ import annotations

import json

import pytest

from evaluation.answers import USERS, answers, line
from idiolect.evaluation.comparison.answers import Arms
from idiolect.evaluation.comparison.within import comparisons
from idiolect.evaluation.significance.effects import detectable


def test_every_control_that_was_run_is_compared_and_no_other() -> None:
    made = [e for e in answers() if e["arm"] in ("own", "base", "swapped")]
    assert [c["arm"] for c in comparisons(Arms(made))] == ["base", "swapped"]


def test_a_shuffled_history_is_a_control_like_the_others() -> None:
    made = [line(user=u, arm=a, score=s) for u in "abc" for a, s in (("own", 1.0), ("shuffled", 0.25))]
    (found,) = comparisons(Arms(made))
    assert (found["arm"], found["mean"]) == ("shuffled", 0.75)
    assert "itself under a shuffled history" in found["sentence"]


def test_what_noise_explains_is_said_to_be_noise() -> None:
    scores = {"own": (0, 1, 0, 1), "base": (1, 0, 1, 0)}
    made = [line(user=u, arm=a, score=s) for a in scores for u, s in zip("abcd", scores[a], strict=True)]
    (found,) = comparisons(Arms(made))
    assert not found["clear"]
    assert "cannot be told from no method" in found["sentence"]


def test_the_detectable_difference_comes_from_how_users_differ() -> None:
    (found, *_) = comparisons(Arms(answers()))
    assert found["detectable"] == pytest.approx(detectable(list(found["per_user"].values())))
    assert found["per_user"].keys() == set(USERS)


def test_the_worst_group_stands_first_and_says_whether_it_is_harmed() -> None:
    made = []
    for i in range(12):
        group, own = ("wronged", 0.0) if i < 6 else ("served", 1.0)
        made += [line(user=f"u{i}", arm=a, score=s, group=group) for a, s in (("own", own), ("base", 0.5))]
    (found,) = comparisons(Arms(made))
    assert [(g["group"], g["users"], g["harmed"]) for g in found["groups"]] == [
        ("wronged", 6, True),
        ("served", 6, False),
    ]


def test_p_is_adjusted_over_all_comparisons() -> None:
    alone = comparisons(Arms(answers("ipa", "tag")))
    both = comparisons(Arms(answers("ipa", "tag") + answers("pag", "tag")))
    assert both[0]["holm_p"] == pytest.approx(min(1.0, 2 * alone[0]["holm_p"]))


def test_what_is_found_is_json_also_where_all_differences_are_the_same() -> None:
    made = [line(user=f"u{i}", arm=a, score=s) for i in range(8) for a, s in (("own", 1.0), ("base", 0.0))]
    found = comparisons(Arms(made))
    assert found[0]["cohen_d"] is None  # infinite: there is no spread
    json.dumps(found, allow_nan=False)
