"""CoS: context steering. Distributions over three tokens, worked on paper."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor

from adaptation.people import ANN, person
from idiolect.adaptation.prompting.contrast.cos import CoS
from idiolect.adaptation.steering import steer
from idiolect.core.layout import HISTORY, PROFILE, ask

WITH, WITHOUT = [0.7, 0.2, 0.1], [0.5, 0.25, 0.25]


def steered(strength: float, *rows: list[float]) -> Tensor:
    step = SimpleNamespace(log_probs=torch.tensor([rows]).log())
    return steer(step, {"strength": torch.tensor([strength])})[0].exp()


def amulet(plain: list[float], preferred: list[float], steps: int) -> Tensor:
    """The sixty steps as AMULET writes them (alpha 2, eta 10, lambda 2), the oracle of its closed form."""
    alpha, eta, lam = 2.0, 10.0, 2.0
    base, first = torch.tensor(plain, dtype=torch.float64).log(), torch.tensor(preferred, dtype=torch.float64).log()
    policy, utility = first, torch.zeros_like(first)
    for t in range(1, steps + 1):
        utility = utility + alpha * (policy - base)
        policy = (lam * first + utility / t + policy / (eta * t)) / (lam + 1 / (eta * t))
        policy = policy.log_softmax(-1)
    return policy.exp()


def test_strength_one_is_with_squared_over_without() -> None:
    want = torch.tensor([0.7**2 / 0.5, 0.2**2 / 0.25, 0.1**2 / 0.25])
    torch.testing.assert_close(steered(1.0, WITH, WITHOUT), want / want.sum())


def test_strength_zero_is_plain_prompting_with_the_profile() -> None:
    torch.testing.assert_close(steered(0.0, WITH, WITHOUT), torch.tensor(WITH))


def test_strength_minus_one_forgets_the_profile() -> None:
    torch.testing.assert_close(steered(-1.0, WITH, WITHOUT), torch.tensor(WITHOUT))


def test_sixty_steps_of_amulet_are_one_step_at_4_648699() -> None:
    golden = torch.tensor([0.075997, 0.816783, 0.107220])
    base, preferred = [0.5, 0.3, 0.2], [0.4, 0.4, 0.2]
    torch.testing.assert_close(amulet(base, preferred, 60).float(), golden, atol=1e-6, rtol=0)
    torch.testing.assert_close(steered(4.648699, preferred, base), golden, atol=1e-6, rtol=0)


def test_each_row_of_a_batch_has_its_own_strength() -> None:
    step = SimpleNamespace(log_probs=torch.tensor([[WITH, WITHOUT]] * 2).log())
    rows = steer(step, {"strength": torch.tensor([0.0, -1.0])}).exp()
    torch.testing.assert_close(rows, torch.tensor([WITH, WITHOUT]))


def test_the_profile_stands_in_the_first_stream_alone() -> None:
    made = CoS().condition(ANN, ask("", "Who am I?"), None, None)
    (block,) = made.streams[0].context
    assert block.heading == PROFILE
    assert block.lines == ("- job: pilot", "- wants: short answers")
    assert made.streams[1].context == ()
    assert made.sources == {("ann", "a0"), ("ann", "a1")}


def test_his_latest_turns_stand_below_the_profile_in_both_streams() -> None:
    made = CoS(turns=1).condition(ANN, ask("", "Who am I?"), None, None)
    profile, below = made.streams[0].context
    assert (profile.heading, below.heading) == (PROFILE, HISTORY)
    assert len(below.lines) == 1
    assert made.streams[1].context == (below,)
    assert len(made.sources) == 3


@pytest.mark.parametrize("user", [person("new"), person("ann", *ANN.records[2:])])
def test_without_a_profile_nothing_is_steered(user: object) -> None:
    made = CoS().condition(user, ask("", "Who am I?"), None, None)  # type: ignore[arg-type]
    assert made.combine is None
    assert len(made.streams) == 1
