"""A cousin that differs after `learn` alone learns nothing anew; one that differs in it does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import torch

from evaluation.asking.test_pooling import CASES, LORA, QUICK, tagger
from idiolect import registry
from idiolect.adaptation.adapters.personal.oppu import OPPU
from idiolect.adaptation.adapters.personal.user_adapter import UserAdapter
from idiolect.adaptation.prompting.retrieval.ipa import IPA
from idiolect.composition import Composed
from idiolect.core.requests import Fit, Key, Request
from idiolect.evaluation.asking.pooling import Prepared
from idiolect.evaluation.asking.respond import adapt
from idiolect.evaluation.costs import Metered
from idiolect.models.hf import HFModel
from idiolect.training.parts import Vector


class Counting(Metered):
    """Counts the fits that are really run."""

    fitted = 0

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        self.fitted += sum(isinstance(r, Fit) for r in requests)
        return super().answer(requests, keys)


def prepared(model: Metered, make: Any = tagger, kinds: tuple[Any, Any] = ("dull", "odd"), **more: Any) -> Prepared:
    people = {"ann": make("ann", kinds[0]), "bob": make("bob", kinds[1])}
    return Prepared(learners=[make("l1", kinds[0]), make("l2", kinds[1])], people=people, model=model, **more)


def cousin(name: str) -> Any:
    method = CASES[name][0]
    return replace(method, **registry.card(name).cousin_options)


@pytest.mark.parametrize(
    ("name", "more"), [("oppu", 0), ("plora", 0), ("mod", 0), ("personalized_soups", 0), ("vas", 0)]
)
def test_a_cousin_that_differs_after_learning_takes_what_was_learnt(llama: HFModel, name: str, more: int) -> None:
    case = CASES[name][1]
    model = Counting(llama)
    ready = prepared(model, case.make, case.kinds)
    ready.ready(CASES[name][0], name, 0)
    before = model.fitted
    ready.ready(cousin(name), name, 0)
    assert model.fitted - before == more


def test_a_cousin_that_learns_something_else_learns_it(llama: HFModel) -> None:
    model = Counting(llama)
    both = prepared(model)
    method = UserAdapter(task=LORA, task_recipe=QUICK, vector=Vector(scale=0.1), recipe=QUICK)
    both.ready(method, "user_adapter", 0)
    before = model.fitted
    found = both.ready(replace(method, vectors="one"), "user_adapter", 0)
    assert model.fitted - before == 1  # everybody's vector, over the stage that is known
    alone = prepared(Counting(llama)).ready(replace(method, vectors="one"), "user_adapter", 0)
    vectors = [r.theta.vector.prefix.shared["vector"] for r in (found, alone)]
    assert torch.equal(*vectors)
    before = model.fitted
    both.ready(replace(method, task_recipe=replace(QUICK, lr=2e-2)), "user_adapter", 0)
    assert model.fitted - before == 3  # another rate: theta, and two users under it


def test_another_seed_or_method_learns_anew(llama: HFModel) -> None:
    model = Counting(llama)
    both, method = prepared(model), CASES["oppu"][0]
    for label, seed in (("oppu", 0), ("oppu", 1), ("other", 1)):
        before = model.fitted
        both.ready(method, label, seed)
        assert model.fitted - before == 3


def test_parts_that_learn_apart_are_the_methods_alone_and_learn_once(llama: HFModel) -> None:
    model = Counting(llama)
    oppu = OPPU(task=LORA, task_recipe=QUICK, user=LORA, recipe=QUICK)
    both = Composed(left=IPA(), right=oppu, apart=True)
    known = prepared(model, shared={"ipa", "oppu"})
    alone, pair = known.ready(oppu, "oppu", 0), known.ready(both, "ipa | oppu (apart)", 0)
    assert pair.theta[1] is alone.theta
    assert all(pair.owns[u][1] is alone.owns[u] for u in known.people)
    assert model.fitted == 1 + 2  # theta and two users: not once more for the composition
    few = adapt(pair, {"ann": known.people["ann"]}, model)
    assert few.owns["ann"][1].sources == alone.owns["ann"].sources
    assert known.ready(oppu, "oppu", 1).theta is not alone.theta  # another seed learns anew
