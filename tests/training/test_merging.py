"""Merging is arithmetic: means of tensors, exact sums of low-rank edits."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from idiolect.core.errors import CompositionError
from idiolect.core.idiolect import Computed, Edit
from idiolect.core.requests import Trained
from idiolect.forward.attach import gather
from idiolect.training.merging import mean, soup, stacked
from idiolect.training.parts import low_rank, prompt_vector, shift


def lora(rank: int, scale: float, site: str = "q") -> Edit:
    rows = {"A": torch.randn(rank, 5), "B": torch.randn(3, rank), "scale": torch.tensor(scale)}
    return Edit(site=site, formula=low_rank, rows=rows)


def applied(edit: Edit, x: Tensor, h: Tensor) -> Tensor:
    return low_rank(x, h, {k: t[None] for k, t in edit.rows.items()}, None)


def test_a_stack_of_low_rank_edits_does_what_they_do_one_after_another() -> None:
    x, h = torch.randn(1, 4, 5), torch.randn(1, 4, 3)
    one, two = lora(2, 0.5), lora(3, 2.0)
    both = stacked([one, two])
    assert len(both.rows["A"]) == 5
    torch.testing.assert_close(applied(both, x, h), applied(two, x, applied(one, x, h)))


def test_a_weighted_stack_is_the_weighted_sum_of_the_products() -> None:
    x, h = torch.randn(1, 4, 5), torch.zeros(1, 4, 3)
    one, two = lora(2, 0.5), lora(2, 2.0)
    expected = 0.3 * applied(one, x, h) + 0.7 * applied(two, x, h)
    torch.testing.assert_close(applied(stacked([one, two], [0.3, 0.7]), x, h), expected)


def test_a_soup_of_identical_users_is_that_user() -> None:
    vector = Computed(formula=prompt_vector, rows={"vector": torch.randn(2, 4)})
    user = Trained(edits=(lora(2, 0.5),), prefix=vector)
    same = soup([user, user, user])
    torch.testing.assert_close(dict(same.edits[0].rows), dict(user.edits[0].rows))
    assert same.prefix is not None
    torch.testing.assert_close(same.prefix.rows["vector"], vector.rows["vector"])


def test_a_soup_of_what_everybody_shares_runs_in_one_product_with_other_soups() -> None:
    policies = [Trained(edits=(replace(e, shared=e.rows, rows={}),)) for e in (lora(2, 0.5), lora(2, 0.5))]
    soups = [soup(policies, weights).edits for weights in ([0.3, 0.7], [0.9, 0.1])]
    (together,) = gather(soups)
    assert {k: t.shape[0] for k, t in together.rows.items()} == dict.fromkeys(("A", "B", "scale"), 2)


def test_a_mean_uses_its_weights_as_they_are() -> None:
    merged = mean([{"v": torch.tensor([1.0, 2.0])}, {"v": torch.tensor([3.0, 0.0])}], [0.25, 0.5])
    assert merged["v"].tolist() == [1.75, 0.5]


@pytest.mark.parametrize("other", [lora(3, 0.5), lora(2, 0.5, site="v"), Edit(site="q", formula=shift)])
def test_unlike_users_have_no_mean(other: Edit) -> None:
    with pytest.raises(CompositionError, match="train them with equal parts"):
        soup([Trained(edits=(lora(2, 0.5),)), Trained(edits=(other,))])
