"""MODPO: the loss worked on paper, and what a user's policy is trained on."""

from __future__ import annotations

import pytest
import torch

from adaptation.people import ANN, run
from idiolect.adaptation.alignment.preferences import BUCKETS, SHAPE
from idiolect.adaptation.alignment.training.modpo import MODPO, trade
from idiolect.core.requests import Fit, Fitted, Request, Trained
from idiolect.training.objectives import Answers, Outputs, dpo, modpo

AXES = torch.eye(SHAPE + BUCKETS)[:3]  # length, figures, exclamation marks


def outputs() -> Outputs:
    """One pair whose log-ratios are 1 and -1."""
    logits = torch.zeros(1, 2)  # log p = -log 2 for either token
    answer = Answers(logits, torch.zeros(1, dtype=torch.long), torch.zeros(1, dtype=torch.long), 1)
    near = answer.total()
    return Outputs(answer, answer, reference=near - 1, reference_rejected=near + 1)


def numbers(**given: float) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([number]) for name, number in given.items()}


def test_the_loss_gives_the_papers_number() -> None:
    weight, margins = trade(torch.tensor([0.5, 0.5]), torch.tensor([[7.0, 0.3 - 0.9]]), least=0.1)
    loss = modpo(outputs(), numbers(beta=0.1, weight=weight, margin=float(margins)))
    assert loss.item() == pytest.approx(0.313262, abs=1e-6)


def test_with_one_objective_it_is_dpo() -> None:
    weight, margins = trade(torch.tensor([0.4]), torch.tensor([[2.0]]), least=0.1)
    assert (weight, margins.tolist()) == (1.0, [0.0])
    loss = modpo(outputs(), numbers(beta=0.1, weight=weight, margin=0.0))
    assert torch.equal(loss, dpo(outputs(), numbers(beta=0.1)))
    assert loss.item() == pytest.approx(0.598139, abs=1e-6)


def trained(request: Request) -> Fitted:
    assert isinstance(request, Fit)
    return Fitted(users={"ann": Trained()})


def test_a_users_pairs_are_ordered_by_what_he_wants_most() -> None:
    own, (fit,) = run(MODPO().adapt(ANN, AXES), trained)
    assert isinstance(fit, Fit)
    assert [(i.answer, i.rejected) for i in fit.items] == [("Fine.", "I am very well.")]  # the shorter one
    assert fit.options["weight"] == pytest.approx([1.0])
    assert own.sources == (("ann", "a8"),)


def test_its_cousin_is_dpo_on_his_pairs() -> None:
    _, (fit,) = run(MODPO(loss="dpo").adapt(ANN, AXES), trained)
    assert isinstance(fit, Fit)
    assert fit.options == {"beta": 0.1}
