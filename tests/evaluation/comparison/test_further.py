"""The same answers by other metrics."""

from __future__ import annotations

import math
from typing import Any

import pytest

from idiolect.evaluation.comparison.answers import Arms
from idiolect.evaluation.comparison.further import further

USERS = [f"u{n}" for n in range(8)]


def answered(arm: str, said: dict[str, list[str]], wanted: dict[str, list[str]], task: str) -> list[dict[str, Any]]:
    same = {"method": "m", "task": task, "arm": arm, "seed": 0, "score": 0.0, "metric": "x"}
    return [
        {**same, "user": u, "query": str(n), "prediction": p, "target": t}
        for u in said
        for n, (p, t) in enumerate(zip(said[u], wanted[u], strict=True))
    ]


def test_the_root_of_the_mean_squared_error_is_taken_after_users_are_weighed() -> None:
    wanted = {u: ["3"] for u in USERS}
    own = {u: ["3" if n % 2 else "5"] for n, u in enumerate(USERS)}  # errors 2 and 0: sqrt((4 + 0) / 2)
    base = {u: ["5"] for u in USERS}
    lines = answered("own", own, wanted, "rate") + answered("base", base, wanted, "rate")
    (row,) = further(Arms(lines), {"rate": ("rmse",)})
    assert row["score"] == pytest.approx(math.sqrt(2))
    assert row["base"] == pytest.approx(2)
    assert row["gain"] == pytest.approx(2 - math.sqrt(2))  # less is better: above 0 own is better
    assert 0 <= row["gain_low"] < row["gain"] < row["gain_high"]
    assert row["swapped"] is None
    assert row["over_swapped"] is None


def test_macro_f1_counts_classes_over_all_users() -> None:
    wanted = {u: ["a", "b"] for u in USERS}
    lines = answered("own", wanted, wanted, "tag")
    lines += answered("swapped", {u: ["a", "a"] for u in USERS}, wanted, "tag")  # F1 of a 2/3, of b 0
    (row,) = further(Arms(lines), {"tag": ("f1_macro",)})
    assert (row["score"], row["swapped"]) == (1.0, pytest.approx(1 / 3))
    assert row["over_swapped_low"] > 0


def test_only_questions_that_both_answered_make_the_difference() -> None:
    wanted = {u: ["4", "4"] for u in USERS}
    own = answered("own", {u: ["4", "1"] for u in USERS}, wanted, "rate")
    base = answered("base", {u: ["3"] for u in USERS}, {u: ["4"] for u in USERS}, "rate")
    (row,) = further(Arms(own + base), {"rate": ("rmse",)})
    assert row["gain"] == pytest.approx(1.0)


def test_a_task_of_which_no_other_metric_is_named_has_none() -> None:
    lines = answered("own", {u: ["a"] for u in USERS}, {u: ["a"] for u in USERS}, "tag")
    assert further(Arms(lines), {"rate": ("rmse",)}) == []
