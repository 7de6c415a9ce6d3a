from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import compute, get
from idiolect.evaluation.significance.breakdown import by_group, by_user, spread

OWNERS = ["bob", "ann", "bob", "ann", "bob"]
SAID, GOLD = list("abcab"), list("aacbb")


def test_each_users_metric_is_that_of_his_own_examples() -> None:
    metric = get("f1_macro")
    found = by_user(metric, metric.statistics(SAID, GOLD), OWNERS)
    assert found == {u: compute("f1_macro", *(zip(*mine, strict=True))) for u, mine in split().items()}


def split() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {"ann": [], "bob": []}
    for user, said, gold in zip(OWNERS, SAID, GOLD, strict=True):
        found[user].append((said, gold))
    return found


def test_a_metric_over_pairs_is_nobodys_own() -> None:
    with pytest.raises(BadInput, match=r"shape \(2, 2, 6\)"):
        by_user(get("egises"), np.zeros((2, 2, 6)), ["a", "b"])


SCORES = {"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.2, "e": 0.1, "f": 0.3}
OTHERS = {"a": 0.5, "b": 0.5, "c": 0.4, "d": 0.5, "e": 0.4, "f": 0.6}
GROUPS = {"a": "old", "b": "old", "c": "old", "d": "new", "e": "new", "f": "new"}


def twice(each: dict[str, Any]) -> dict[str, Any]:
    """Everybody and one like him."""
    return {f"{name}{n}": value for name, value in each.items() for n in (1, 2)}


def test_the_group_that_fares_worst_comes_first_and_harm_beyond_noise_is_named() -> None:
    worst, best = by_group(twice(SCORES), twice(OTHERS), twice(GROUPS))
    assert (worst.group, worst.users, worst.harmed) == ("new", 6, True)
    assert (worst.score, worst.other) == (pytest.approx(0.2), pytest.approx(0.5))
    assert worst.interval.mean == pytest.approx(-0.3)
    assert (best.group, best.harmed) == ("old", False)


def test_three_people_who_are_worse_off_may_be_so_by_chance() -> None:
    assert not by_group(SCORES, OTHERS, GROUPS)[0].harmed


def test_where_less_is_better_the_worst_group_is_the_other() -> None:
    assert [p.group for p in by_group(SCORES, OTHERS, GROUPS, sign=-1)] == ["old", "new"]


def test_everybody_is_of_a_group() -> None:
    with pytest.raises(BadInput, match=r"user 'f' \(of 1\) is of no group"):
        by_group(SCORES, OTHERS, {u: g for u, g in GROUPS.items() if u != "f"})


def test_a_mean_of_nothing_can_be_half_harm() -> None:
    found = spread([0.5] * 10 + [-0.5] * 8 + [0.0] * 2)
    assert (found.better, found.worse, found.same) == (0.5, 0.4, 0.1)
    assert (found.worst_tenth, found.quantiles[0.5]) == (-0.5, 0.25)
    with pytest.raises(BadInput, match="no user"):
        spread([])
