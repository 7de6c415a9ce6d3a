"""One distribution of K, one token of that: by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from idiolect.core.idiolect import Combine
from idiolect.core.requests import Sampling
from idiolect.generation.decode import Step, combined, draw, log_probs

LOGS = torch.tensor([0.5, 0.3, 0.15, 0.05]).log()


def tokens(sampling: Sampling, count: int = 2000, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.tensor([draw(LOGS[None], [sampling], [generator])[0] for _ in range(count)])


def shares(drawn: torch.Tensor) -> list[float]:
    counts: list[float] = (torch.bincount(drawn, minlength=4) / len(drawn)).tolist()
    return counts


def test_greedy_takes_the_best_and_draws_no_number() -> None:
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    assert draw(LOGS[None], [Sampling()], [generator]) == [0]
    assert torch.equal(generator.get_state(), state)


def test_drawn_shares_are_the_probabilities() -> None:
    assert shares(tokens(Sampling(temperature=1.0))) == pytest.approx([0.5, 0.3, 0.15, 0.05], abs=0.04)


def test_temperature_two_flattens_by_the_square_root() -> None:
    roots = torch.tensor([0.5, 0.3, 0.15, 0.05]).sqrt()
    assert shares(tokens(Sampling(temperature=2.0))) == pytest.approx((roots / roots.sum()).tolist(), abs=0.04)


@pytest.mark.parametrize(
    ("top_p", "kept"), [(0.79, [0.625, 0.375, 0.0, 0.0]), (0.5, [1.0, 0.0, 0.0, 0.0]), (0.0, [1.0, 0.0, 0.0, 0.0])]
)
def test_top_p_keeps_the_fewest_best_that_hold_it(top_p: float, kept: list[float]) -> None:
    assert shares(tokens(Sampling(temperature=1.0, top_p=top_p))) == pytest.approx(kept, abs=0.04)


def test_a_row_draws_by_its_own_generator_whatever_stands_beside_it() -> None:
    hot = Sampling(temperature=1.0)

    def together(neighbours: int) -> list[int]:
        generators = [torch.Generator().manual_seed(7 + i) for i in range(neighbours + 1)]
        rows = LOGS.expand(neighbours + 1, -1)
        return [draw(rows, [hot] * (neighbours + 1), generators)[0] for _ in range(20)]

    assert together(0) == together(5)


def test_log_probs_of_half_precision_are_single() -> None:
    assert log_probs(torch.zeros(1, 4, dtype=torch.bfloat16)).dtype == torch.float32
    assert log_probs(torch.zeros(1, 4, dtype=torch.float64)).dtype == torch.float64


def test_numbers_of_rows_are_stacked_and_states_handed_back_row_by_row() -> None:
    def formula(step: Step, rows: Any) -> Any:
        assert rows["w"].tolist() == [1.0, 2.0]
        return step.log_probs[:, 0], {"seen": rows["w"] * 10}

    some = [Combine(formula=formula, rows={"w": w}) for w in (1.0, 2.0)]
    mixed, states = combined(some, Step(log_probs=LOGS.expand(2, 3, -1)))
    assert mixed.shape == (2, 4)
    assert states is not None
    assert [s["seen"].item() for s in states] == [10.0, 20.0]


def test_a_formula_without_state_gives_none() -> None:
    assert (
        combined([Combine(formula=lambda step, rows: step.log_probs[:, 0])], Step(log_probs=LOGS[None, None]))[1]
        is None
    )
