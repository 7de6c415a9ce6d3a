"""PLoRA and UserIdentifier: one adapter for all, which knows its user by a vector or by a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptation.people import ANN, interaction, person, run
from idiolect.adaptation.adapters.shared.plora import PLoRA
from idiolect.adaptation.adapters.shared.user_identifier import UserIdentifier
from idiolect.core.idiolect import Edit
from idiolect.core.layout import IDENTIFIER, ask
from idiolect.core.requests import Fit, Key, Recipe, Request
from idiolect.evaluation.costs import parameters
from idiolect.models.hf import HFModel
from idiolect.training.shared import Coded

BOB = person("bob", interaction("b0", "a film about ships", "dull"), interaction("b1", "a film about love", "dull"))
QUERY = ask("tag", "a film about ships")
SHORT = Recipe(lr=1e-2, steps=4, batch=4)
PLORA = PLoRA(layer=Coded(rank=2, alpha=4.0, code=4, sites="q"), recipe=SHORT, newcomer=SHORT)
NAMED = UserIdentifier(recipe=SHORT)


@pytest.fixture(scope="module")
def model() -> HFModel:
    return HFModel.random("llama")


def on(model: HFModel, verb: Any, user: str = "") -> tuple[Any, list[Request]]:
    key = Key(user=user)
    return run(verb, lambda request: model.answer([request], [key])[0])


def test_users_known_from_the_start_share_one_lora_and_differ_in_their_vectors(model: HFModel) -> None:
    made, (fit,) = on(model, PLORA.learn([ANN, BOB]))
    assert isinstance(fit, Fit)
    assert {i.user for i in fit.items} == {"ann", "bob"}
    ann, bob = (made.owns[u].trained.edits for u in ("ann", "bob"))
    assert all(a.shared["A"] is b.shared["A"] is t.shared["A"] for a, b, t in zip(ann, bob, made.theta, strict=True))
    assert all(not torch.equal(a.rows["p"], b.rows["p"]) for a, b in zip(ann, bob, strict=True))


def test_a_users_vector_is_one_row_for_all_layers(model: HFModel) -> None:
    method = replace(PLORA, layer=Coded(rank=2, alpha=4.0, code=4, sites="q,v"))
    made, _ = on(model, method.learn([ANN, BOB]))
    own, _ = on(model, method.adapt(ANN, made.theta), "ann")
    for edits in (made.owns["ann"].trained.edits, own.trained.edits):
        assert len(edits) == 4  # q and v in two layers
        assert len({id(e.rows["p"]) for e in edits}) == 1
    assert parameters(own.trained) == 4


def test_a_newcomer_trains_his_vector_and_nothing_else(model: HFModel) -> None:
    theta = on(model, PLORA.learn([BOB]))[0].theta
    own, (fit,) = on(model, PLORA.adapt(ANN, theta), "ann")
    assert isinstance(fit, Fit)
    assert fit.train[0].frozen == fit.train[0].shared
    for mine, common in zip(own.trained.edits, theta, strict=True):
        assert mine.shared is common.shared
        assert mine.rows["p"].abs().max() > 0


def test_without_its_user_plora_is_a_plain_lora(model: HFModel) -> None:
    theta = on(model, PLORA.learn([BOB]))[0].theta
    made = PLORA.condition(person("new"), QUERY, theta, None)
    assert all(isinstance(e, Edit) and "p" not in e.rows for e in made.streams[0].edits)
    cousin = replace(PLORA, personal=False)
    result, _ = on(model, cousin.learn([BOB]))
    assert result.owns == {}
    assert on(model, cousin.adapt(ANN, result.theta))[0] is None


def test_a_name_is_the_same_at_all_times_and_nobody_elses() -> None:
    assert NAMED.code("ann") == UserIdentifier().code("ann")
    assert len(NAMED.code("ann").split()) == 10
    assert NAMED.code("ann") != NAMED.code("bob")
    assert UserIdentifier(salt=1).code("ann") != NAMED.code("ann")


def test_the_cousin_calls_everybody_alike() -> None:
    cousin = UserIdentifier(identifiers="one")
    assert cousin.code("ann") == cousin.code("bob")


def test_the_model_is_trained_under_each_users_name_and_answers_under_it(model: HFModel) -> None:
    made, (fit,) = on(model, NAMED.learn([ANN, BOB]))
    assert isinstance(fit, Fit)
    names = {i.user: i.idiolect.streams[0].context[0].lines for i in fit.items}
    assert names == {u: (NAMED.code(u),) for u in ("ann", "bob")}
    idiolect = NAMED.condition(ANN, QUERY, made.theta, made.owns["ann"])
    (block,) = idiolect.streams[0].context
    assert (block.heading, block.lines) == (IDENTIFIER, names["ann"])
    assert idiolect.streams[0].edits == made.theta.edits
    assert idiolect.sources == {("ann", f"a{i}") for i in range(3, 8)}


def test_a_newcomer_has_a_name_that_means_nothing(model: HFModel) -> None:
    theta = on(model, NAMED.learn([BOB]))[0].theta
    assert on(model, NAMED.adapt(ANN, theta)) == (None, [])
    assert not NAMED.condition(ANN, QUERY, theta, None).sources
