"""Long and short examples are read apart where padding costs more than a pass, and nothing else changes."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

from idiolect.core.requests import Recipe
from idiolect.training import passes
from idiolect.training.loop import fit
from idiolect.training.parts import LowRank, Shift, Vector
from idiolect.training.passes import alike


def padded(parts: list[list[int]], lengths: list[int]) -> int:
    return sum(len(part) * max(lengths[i] for i in part) for part in parts)


def test_rows_of_like_length_stay_together_in_their_order() -> None:
    assert alike([9] * 500) == [list(range(500))]
    assert alike([9, 12, 10, 11]) == [[0, 1, 2, 3]]  # a dozen padded tokens are no reason for a second pass
    assert alike([]) == []


def test_long_rows_are_parted_from_short_ones() -> None:
    assert alike([200, 10, 10, 190, 10] + [10] * 20) == [[0, 3], [1, 2, 4, *range(5, 25)]]


def test_every_row_is_read_once_and_each_pass_saves_more_than_it_costs() -> None:
    draw = random.Random(3)
    for _ in range(50):
        lengths = [draw.choice((5, 8, 20, 60, 200)) for _ in range(draw.randrange(1, 60))]
        parts = alike(lengths)
        assert sorted(i for part in parts for i in part) == list(range(len(lengths)))
        saved = padded([list(range(len(lengths)))], lengths) - padded(parts, lengths)
        assert saved >= passes.PASS * (len(parts) - 1)


@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_read_apart_or_in_one_pass_users_get_the_same(
    backbone: Any, population: Any, numbers: Any, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    model = backbone("lfm2", torch.float64)
    parts = (LowRank(rank=2, dropout=0.1), Vector(length=1, scale=0.1), Shift())
    fits, keys = population(3, parts, objective=objective, recipe=Recipe(lr=1e-2, steps=2, batch=4))
    monkeypatch.setattr(passes, "PASS", 10**9)
    whole = fit(model, fits, keys)
    monkeypatch.setattr(passes, "PASS", 0)
    for key, a, b in zip(keys, whole, fit(model, fits, keys), strict=True):
        assert (numbers(a.users[key.user]) - numbers(b.users[key.user])).abs().max() < 1e-8
        torch.testing.assert_close(torch.tensor(a.losses[key.user]), torch.tensor(b.losses[key.user]))
