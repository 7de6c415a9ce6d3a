"""Slots step as if alone: each equals torch's AdamW on its own tensors."""

from __future__ import annotations

import pytest
import torch

from idiolect.core.requests import Recipe
from idiolect.training.optim import SlotAdamW, clip_scale, norms, rate


def test_each_slot_equals_torchs_adamw_however_often_the_others_rest() -> None:
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(3, 4, 2, generator=generator, dtype=torch.float64)
    stack, alone = start.clone(), [torch.nn.Parameter(s.clone()) for s in start]
    ours = SlotAdamW([stack], weight_decay=0.1)
    theirs = [torch.optim.AdamW([p], lr=0.01 * (i + 1), weight_decay=0.1) for i, p in enumerate(alone)]
    rates = torch.tensor([0.01, 0.02, 0.03])
    for step in range(12):
        grad = torch.randn(3, 4, 2, generator=generator, dtype=torch.float64)
        active = torch.tensor([True, step % 2 == 0, step > 6])
        ours.step([grad], [rates], [active])
        for i in active.nonzero().flatten().tolist():
            alone[i].grad = grad[i]
            theirs[i].step()
    torch.testing.assert_close(stack, torch.stack([p.data for p in alone]), rtol=1e-6, atol=1e-8)


def test_a_slot_that_rests_stays_bit_for_bit() -> None:
    stack = torch.randn(2, 3)
    before = stack.clone()
    SlotAdamW([stack], weight_decay=0.1).step(
        [torch.full((2, 3), torch.nan)], [torch.ones(2)], [torch.tensor([False, False])]
    )
    assert torch.equal(stack, before)


def test_a_recycled_slot_steps_like_a_new_one() -> None:
    stack, grad, every = torch.zeros(2, 3), torch.ones(2, 3), torch.tensor([True, True])
    optimiser = SlotAdamW([stack])
    for _ in range(3):
        optimiser.step([grad], [torch.full((2,), 0.1)], [every])
    optimiser.forget([torch.tensor([1])])
    stack[1] = 0
    optimiser.step([grad], [torch.full((2,), 0.1)], [every])
    torch.testing.assert_close(stack[1], torch.full((3,), -0.1))  # Adam's first step is lr times the sign


def test_a_slots_norm_is_taken_over_all_its_tensors_and_over_no_one_elses() -> None:
    grads = [torch.tensor([[3.0], [0.0]]), torch.tensor([[[4.0, 0.0]], [[0.0, 2.0]]])]
    assert norms(grads).tolist() == [5.0, 2.0]
    assert clip_scale(norms(grads), 2.5).tolist() == pytest.approx([0.5, 1.0])


def test_warm_up_rises_and_the_linear_schedule_falls_to_zero() -> None:
    recipe = Recipe(lr=1.0, warmup=0.2, schedule="linear")
    assert [round(rate(recipe, s, 10), 3) for s in (0, 1, 2, 6, 9)] == [0.5, 1.0, 1.0, 0.5, 0.125]
