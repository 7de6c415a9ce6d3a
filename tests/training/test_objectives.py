"""Golden numbers of the objectives, worked out on paper or given by the method cards."""

from __future__ import annotations

import math

import pytest
import torch

from idiolect.core.errors import UnknownName
from idiolect.training.objectives import Answers, Outputs, bradley_terry, dpo, kl, modpo, objective, sft, td


def answers_of(totals: list[float]) -> Answers:
    """One token an answer, whose log p is the given number (the rest of the mass lies on token 0)."""
    p = torch.tensor(totals, dtype=torch.float64).exp()
    logits = torch.stack([(1 - p).log(), p.log()], 1)
    count = len(totals)
    return Answers(logits, torch.arange(count), torch.ones(count, dtype=torch.long), count)


def pair() -> Outputs:
    """lr(chosen) = 1, lr(rejected) = -1."""
    return Outputs(
        answers_of([-1.0]),
        rejected=answers_of([-2.0]),
        reference=torch.tensor([-2.0], dtype=torch.float64),
        reference_rejected=torch.tensor([-1.0], dtype=torch.float64),
    )


def scores(*values: list[float]) -> Answers:
    """A value head's numbers, one list an answer."""
    row = torch.tensor([b for b, numbers in enumerate(values) for _ in numbers])
    flat = torch.tensor([n for numbers in values for n in numbers], dtype=torch.float64)
    return Answers(flat[:, None], row, torch.zeros_like(row), len(values))


def test_dpo_of_a_margin_of_two_at_beta_a_tenth_is_0_598139() -> None:
    assert dpo(pair(), {}).item() == pytest.approx(0.598139, abs=1e-6)


def test_modpo_of_the_card_is_logit_one_and_0_313262() -> None:
    # w = (.5, .5), margin rewards .3 and .9: (.1 * 2 - .5 * (.3 - .9)) / .5 = 1
    numbers = {"weight": torch.tensor([0.5]), "margin": torch.tensor([0.5 * (0.3 - 0.9)])}
    assert modpo(pair(), numbers).item() == pytest.approx(0.313262, abs=1e-6)


def test_modpo_with_all_weight_on_one_objective_is_dpo_bit_for_bit() -> None:
    numbers = {"weight": torch.ones(1), "margin": torch.zeros(1)}
    assert torch.equal(modpo(pair(), numbers), dpo(pair(), {}))


def test_sft_takes_the_mean_over_each_examples_own_tokens() -> None:
    logits = torch.tensor([[0.0, 0.0], [0.0, math.log(3)], [math.log(3), 0.0]])
    three = Answers(logits, torch.tensor([0, 0, 1]), torch.tensor([0, 1, 1]), 2)
    expected = torch.tensor([(math.log(2) + math.log(4 / 3)) / 2, math.log(4)])
    torch.testing.assert_close(sft(Outputs(three), {}), expected)


def test_bradley_terry_compares_the_numbers_at_the_last_tokens() -> None:
    outputs = Outputs(scores([9.0, 2.0], [1.0]), rejected=scores([0.0, 5.0, 1.0], [1.0]))
    loss = bradley_terry(outputs, {})
    torch.testing.assert_close(loss, torch.tensor([math.log(1 + math.exp(-1)), math.log(2)], dtype=torch.float64))


def test_kl_of_a_certain_reference_is_the_policys_surprise() -> None:
    even = Answers(torch.zeros(2, 4), torch.tensor([0, 0]), torch.tensor([1, 2]), 1)
    sure = torch.tensor([[0.0, -1e9, -1e9, -1e9], [-1e9, 0.0, -1e9, -1e9]])
    assert kl(Outputs(even, reference_log_probs=sure), {}).item() == pytest.approx(math.log(4))


@pytest.mark.parametrize(("mix", "goals"), [(1.0, [2.0, 2.0, 2.0]), (0.0, [0.5, 1.0, 2.0]), (0.5, [1.0, 1.5, 2.0])])
def test_td_aims_between_the_reward_and_the_next_value(mix: float, goals: list[float]) -> None:
    values = [0.0, 0.5, 1.0]  # lambda .5: 2; .5 * 1 + .5 * 2 = 1.5; .5 * .5 + .5 * 1.5 = 1
    loss = td(Outputs(scores(values)), {"reward": torch.tensor([2.0]), "lambda": torch.tensor([mix])})
    assert loss.item() == pytest.approx(sum((g - v) ** 2 for g, v in zip(goals, values, strict=True)) / 3)


def test_a_misspelt_objective_names_a_near_one() -> None:
    with pytest.raises(UnknownName, match="did you mean modpo"):
        objective("modop")
