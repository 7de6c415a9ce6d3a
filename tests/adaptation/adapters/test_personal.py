"""OPPU, PerFit and UserAdapter: what they train on what, stage by stage. Trained parts are made up by the test."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from adaptation.people import ANN, interaction, person, run
from idiolect.adaptation.adapters.personal.oppu import OPPU
from idiolect.adaptation.adapters.personal.perfit import PerFit
from idiolect.adaptation.adapters.personal.user_adapter import UserAdapter
from idiolect.core.idiolect import Computed, Edit
from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Fitted, Request, Trained
from idiolect.training.parts import LowRank, Vector, low_rank, prompt_vector
from idiolect.training.reft import Reft

BOB = person("bob", interaction("b0", "a film about ships", "dull"), interaction("b1", "a film about love", "dull"))


def trained(request: Request) -> Fitted:
    """One edit or prefix a user, named by how many examples it saw."""
    assert isinstance(request, Fit)
    owners = [""] if request.rows == "all" else sorted({i.user for i in request.items})
    (part,) = request.train
    made = {}
    for owner in owners:
        seen = torch.tensor(float(sum(owner in ("", i.user) for i in request.items)))
        if isinstance(part, (LowRank, Reft)):
            made[owner] = Trained(edits=(Edit(site=part.sites, formula=low_rank, rows={"seen": seen}),))
        else:
            made[owner] = Trained(prefix=Computed(formula=prompt_vector, rows={"seen": seen}))
    return Fitted(users=made)


def learnt(method: Any) -> tuple[Any, Any]:
    """(theta of Ann and Bob, Ann's own)."""
    result, _ = run(method.learn([ANN, BOB]), trained)
    own, _ = run(method.adapt(ANN, result.theta), trained)
    return result.theta, own


def test_stage_one_trains_one_lora_on_everybody() -> None:
    _, (fit,) = run(OPPU().learn([ANN, BOB]), trained)
    assert isinstance(fit, Fit)
    assert fit.rows == "all"
    assert [i.user for i in fit.items] == ["ann"] * 5 + ["bob"] * 2
    assert (fit.train[0].sites, fit.recipe.epochs) == ("q,k,v", 3)


def test_stage_two_trains_his_lora_on_top_of_everybodys() -> None:
    theta, _ = learnt(OPPU())
    _, (fit,) = run(OPPU().adapt(ANN, theta), trained)
    assert isinstance(fit, Fit)
    assert fit.rows == "user"
    assert all(i.idiolect.streams[0].edits == theta.edits for i in fit.items)
    assert (fit.train[0].sites, fit.recipe.epochs) == ("q,v", 2)


def test_two_replies_put_to_a_user_are_nothing_that_he_wrote() -> None:
    _, (fit,) = run(OPPU().adapt(ANN, None), trained)
    assert isinstance(fit, Fit)
    assert "Fine." not in [i.answer for i in fit.items]


def test_both_loras_answer_everybodys_first() -> None:
    theta, own = learnt(OPPU())
    made = OPPU().condition(ANN, ask("tag", "x"), theta, own)
    assert [e.site for e in made.streams[0].edits] == ["q,k,v", "q,v"]
    assert made.sources == {("ann", f"a{i}") for i in range(3, 8)}


def test_the_cousin_of_oppu_is_stage_one() -> None:
    cousin = OPPU(stages=1)
    theta, own = learnt(cousin)
    assert own is None
    assert [e.site for e in cousin.condition(ANN, ask("tag", "x"), theta, own).streams[0].edits] == ["q,k,v"]


def test_perfit_is_the_same_two_stages_on_hidden_states() -> None:
    theta, own = learnt(PerFit())
    _, (fit,) = run(PerFit().adapt(ANN, theta), trained)
    assert isinstance(fit, Fit)
    assert (fit.rows, fit.train) == ("user", (Reft(rank=4, sites="blocks.0.5"),))
    assert all(i.idiolect.streams[0].edits == theta.edits for i in fit.items)
    edits = PerFit().condition(ANN, ask("tag", "x"), theta, own).streams[0].edits
    assert [int(e.rows["seen"]) for e in edits] == [7, 5]
    assert learnt(PerFit(stages=1))[1] is None


def test_the_vector_stands_before_the_prompt_of_the_tuned_model() -> None:
    theta, own = learnt(UserAdapter())
    (stream,) = UserAdapter().condition(ANN, ask("tag", "x"), theta, own).streams
    assert isinstance(stream.prefix, Computed)
    assert stream.prefix.rows["seen"] == 5
    assert [e.site for e in stream.edits] == ["q,v"]


def test_the_vector_of_a_user_starts_at_zero() -> None:
    assert UserAdapter().vector == Vector(length=1, scale=0.0)


def test_the_cousin_of_user_adapter_is_one_vector_for_everybody() -> None:
    cousin = UserAdapter(vectors="one")
    theta, own = learnt(cousin)
    assert own is None
    (stream,) = cousin.condition(ANN, ask("tag", "x"), theta, own).streams
    assert isinstance(stream.prefix, Computed)
    assert stream.prefix.rows["seen"] == 7


def test_without_tuning_the_model_stays_as_it_is() -> None:
    theta, own = learnt(UserAdapter(tune=False))
    assert UserAdapter(tune=False).condition(ANN, ask("tag", "x"), theta, own).streams[0].edits == ()


@pytest.mark.parametrize("method", [OPPU(), PerFit(), UserAdapter()])
def test_more_records_go_on_from_what_was_trained(method: Any) -> None:
    first, _ = run(method.adapt(ANN.until(5), None), trained)
    second, (fit,) = run(method.adapt(ANN, None, first), trained)
    assert isinstance(fit, Fit)
    assert [i.answer for i in fit.items] == ["sweet", "Well, rain falls! :)", "Well, the team wins! :)"]
    assert fit.start == {"ann": first.trained}
    assert second.sources == tuple(("ann", f"a{i}") for i in range(3, 8))
    assert second.upto == "a8"


@pytest.mark.parametrize("method", [OPPU(), PerFit(), UserAdapter()])
def test_nobody_gets_what_everybody_has(method: Any) -> None:
    theta, _ = learnt(method)
    own, asked = run(method.adapt(person("new"), theta), trained)
    assert own is None
    assert asked == []
    made = method.condition(person("new"), ask("tag", "x"), theta, None)
    assert len(made.streams[0].edits) == 1
    assert not made.sources
