"""MOD, Personalized Soups, VAS and AMULET: mixtures over three tokens, worked on paper; adapters made up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from adaptation.people import ANN, person, run
from idiolect.adaptation.alignment.decoding.amulet import Amulet
from idiolect.adaptation.alignment.decoding.mod import MOD, geometric, harmonic
from idiolect.adaptation.alignment.decoding.personalized_soups import PersonalizedSoups
from idiolect.adaptation.alignment.decoding.vas import VAS, Values, augment
from idiolect.adaptation.alignment.preferences import BUCKETS, SHAPE, Policies
from idiolect.core.idiolect import Edit
from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Fitted, Request, Trained
from idiolect.core.types import Attribute, Preference
from idiolect.training.objectives import Answers, Outputs, td
from idiolect.training.parts import low_rank, value

ONE, OTHER = [0.7, 0.2, 0.1], [0.2, 0.7, 0.1]
QUERY = ask("reply", "How are you?")


def mixed(formula: Any, weights: list[float], *rows: list[float]) -> list[float]:
    step = SimpleNamespace(log_probs=torch.tensor([rows]).log())
    found: Tensor = formula(step, {"weights": torch.tensor([weights])})[0].exp()
    return found.tolist()


@pytest.mark.parametrize(
    ("formula", "weights", "golden"),
    [
        (geometric, [0.5, 0.5], [0.441061, 0.441061, 0.117878]),
        (geometric, [0.8, 0.2], [0.604187, 0.284925, 0.110889]),
        (harmonic, [0.5, 0.5], [0.430769, 0.430769, 0.138462]),
    ],
)
def test_mod_gives_the_papers_numbers(formula: Any, weights: list[float], golden: list[float]) -> None:
    assert mixed(formula, weights, ONE, OTHER) == pytest.approx(golden, abs=1e-6)


@pytest.mark.parametrize("formula", [geometric, harmonic])
def test_with_all_weight_on_one_policy_mod_is_that_policy(formula: Any) -> None:
    assert mixed(formula, [0.0, 1.0], ONE, OTHER) == pytest.approx(OTHER, abs=1e-6)


def test_vas_gives_the_papers_numbers() -> None:
    base = torch.tensor([[[0.5, 0.3, 0.2]]]).log()
    step = SimpleNamespace(log_probs=base, ids=torch.tensor([[0, 1, 2]]), values=torch.tensor([[0.0, 1.0, 0.5]]))
    found = augment(step, {"beta": torch.tensor([3.0])})[0].exp()
    assert found.tolist() == pytest.approx([0.067367, 0.811865, 0.120768], abs=1e-6)


def test_vas_leaves_other_tokens_logits_and_without_beta_all() -> None:
    base = torch.tensor([[[0.4, 0.3, 0.2, 0.1]]]).log()
    step = SimpleNamespace(log_probs=base, ids=torch.tensor([[0, 1]]), values=torch.tensor([[0.0, 1.0]]))
    found = augment(step, {"beta": torch.tensor([2.0])})[0]
    assert float(found[2] - found[3]) == pytest.approx(float(base[0, 0, 2] - base[0, 0, 3]))
    torch.testing.assert_close(augment(step, {"beta": torch.zeros(1)}), base[:, 0])


@pytest.mark.parametrize(
    ("mix", "returns"), [(0.95, [0.9655, 0.99, 1.0]), (1.0, [1.0, 1.0, 1.0]), (0.0, [0.5, 0.8, 1.0])]
)
def test_values_learn_the_papers_returns(mix: float, returns: list[float]) -> None:
    values = torch.tensor([[0.2], [0.5], [0.8]], requires_grad=True)
    zeros = torch.zeros(3, dtype=torch.long)
    loss = td(Outputs(Answers(values, zeros, zeros, 1)), {"reward": torch.ones(1), "lambda": torch.tensor(mix)})
    (gradient,) = torch.autograd.grad(loss.sum(), values)
    assert (values - 1.5 * gradient)[:, 0].tolist() == pytest.approx(returns, abs=1e-6)  # of the mean of (v - G)^2


def adapter(a: Tensor, b: Tensor) -> Trained:
    shared = {"A": a, "B": b, "scale": torch.tensor(1.0)}
    return Trained(edits=(Edit(site="q", formula=low_rank, shared=shared),))


def policies() -> Policies:
    """Three objectives: length, figures, exclamation marks; policy number n is all n, those for less negative."""
    more, less = ([adapter(torch.full((1, 2), s * n), torch.full((2, 1), n)) for n in (1.0, 2.0, 3.0)] for s in (1, -1))
    return Policies(axes=torch.eye(SHAPE + BUCKETS)[:3], more=tuple(more), less=tuple(less))


def test_soups_are_means_of_a_and_of_b_apart() -> None:
    theta = Policies(
        axes=torch.eye(SHAPE + BUCKETS)[:2],
        more=(adapter(torch.tensor([[1.0, 3.0]]), torch.ones(2, 1)),) * 2,
        less=(adapter(torch.tensor([[3.0, 1.0]]), torch.full((2, 1), 3.0)),) * 2,
    )
    (edit,) = PersonalizedSoups(soup="even").condition(ANN, QUERY, theta, None).streams[0].edits
    assert edit.rows["A"].tolist() == [[2.0, 2.0]]
    assert edit.rows["B"].tolist() == [[2.0], [2.0]]
    apart = (torch.ones(2, 1) @ torch.tensor([[1.0, 3.0]]) + 3 * torch.ones(2, 1) @ torch.tensor([[3.0, 1.0]])) / 2
    assert not torch.equal(edit.rows["B"] @ edit.rows["A"], apart)


def test_a_user_takes_the_end_of_each_objective_that_his_choices_point_to() -> None:
    theta, soups = policies(), PersonalizedSoups()
    own = soups.adapt(ANN, theta)  # he chose the shorter of two replies
    made = soups.condition(ANN, QUERY, theta, own)
    (edit,) = made.streams[0].edits
    assert edit.rows["A"][0, 0] == pytest.approx((-1 + 2 + 3) / 3)
    assert made.sources == {("ann", "a8")}


def test_mod_weighs_policies_and_soups_do_not() -> None:
    theta, mod = policies(), MOD()
    own = mod.adapt(ANN, theta)
    made = mod.condition(ANN, QUERY, theta, own)
    assert made.combine is not None
    assert made.combine.rows["weights"].tolist() == pytest.approx([1.0, 0.0, 0.0])
    assert len(made.streams) == 3
    (merged,) = MOD(mix="weights").condition(ANN, QUERY, theta, own).streams[0].edits
    assert merged.rows["A"][0, 0] == pytest.approx(-1.0)
    (souped,) = PersonalizedSoups().condition(ANN, QUERY, theta, own).streams[0].edits
    assert souped.rows["A"][0, 0] != merged.rows["A"][0, 0]


@pytest.mark.parametrize("method", [MOD(), PersonalizedSoups(), VAS()])
def test_choices_that_cancel_ask_for_neither_end(method: Any) -> None:
    once = Preference(id="1", chosen="It is open.", rejected="It is open till late!", prompt="When?")
    again = Preference(id="2", chosen=once.rejected, rejected=once.chosen, prompt="When?")
    torn, axes = person("torn", once, again), policies().axes
    theta: Any = Values(axes=axes, heads=()) if isinstance(method, VAS) else policies()
    made = method.condition(torn, QUERY, theta, method.adapt(torn, theta))
    nobodys = method.condition(torn, QUERY, theta, None)
    assert made.combine is None
    assert len(made.streams) == 1
    for edit, even in zip(made.streams[0].edits, nobodys.streams[0].edits, strict=True):
        assert torch.equal(edit.rows["A"], even.rows["A"])


def trained(request: Request) -> Fitted:
    assert isinstance(request, Fit)
    assert request.rows == "all"
    head = {"weight": torch.ones(4), "bias": torch.zeros(())}
    return Fitted(users={"": Trained(edits=(Edit(site="lm_head", formula=value, shared=head),))})


@pytest.mark.parametrize("method", [MOD(count=2), PersonalizedSoups(count=2)])
def test_each_end_of_an_objective_is_trained_on_everybodys_pairs_in_its_order(method: Any) -> None:
    _, fits = run(method.learn([ANN, person("bob", ANN.records[-1])]), trained)
    assert [f.objective for f in fits if isinstance(f, Fit)] == ["dpo"] * 4
    chosen = [[i.answer for i in f.items] for f in fits if isinstance(f, Fit)]
    assert chosen[0] == ["I am very well."] * 2 or chosen[2] == ["I am very well."] * 2
    assert chosen[0] != chosen[2]


def test_values_of_single_objectives_add_up_by_his_weights() -> None:
    result, fits = run(VAS(count=2).learn([ANN]), trained)
    assert [f.objective for f in fits if isinstance(f, Fit)] == ["td", "td"]
    own = VAS().adapt(ANN, result.theta)
    made = VAS().condition(ANN, QUERY, result.theta, own)
    assert made.combine is not None
    assert made.combine.lookahead == 20
    weights = own.weights() if own else torch.zeros(2)
    want = float(weights.sum() / weights.abs().sum())
    assert made.streams[1].edits[0].rows["weight"].tolist() == pytest.approx([want] * 4)


def test_amulets_sixty_steps_are_one_strength() -> None:
    assert Amulet().strength == pytest.approx(4.648699, abs=1e-6)
    assert Amulet(gain=0.0).strength == 0.0
    assert Amulet(steps=1).strength == pytest.approx(2.0 / (2.0 + 0.1))  # alpha / (lambda + 1 / eta)


@pytest.mark.parametrize(
    ("steps", "golden"),
    [
        (1, [0.308166, 0.501267, 0.190568]),
        (2, [0.262818, 0.555025, 0.182157]),
        (60, [0.075997, 0.816783, 0.107220]),
    ],
)
def test_amulet_gives_the_papers_numbers(steps: int, golden: list[float]) -> None:
    made = Amulet(steps=steps).condition(ANN, QUERY, None, None)
    assert made.combine is not None
    step = SimpleNamespace(log_probs=torch.tensor([[[0.4, 0.4, 0.2], [0.5, 0.3, 0.2]]]).log())
    found = made.combine.formula(step, {"strength": torch.tensor([made.combine.rows["strength"]])})[0].exp()
    assert found.tolist() == pytest.approx(golden, abs=1e-6)


def test_amulet_shows_wishes_alone() -> None:
    made = Amulet().condition(ANN, QUERY, None, None)
    (block,) = made.streams[0].context
    assert block.lines == ("- wants: short answers",)
    assert made.sources == {("ann", "a1")}
    bare = person("new", Attribute(id="a0", name="job", value="pilot"))
    assert Amulet().condition(bare, QUERY, None, None).combine is None
