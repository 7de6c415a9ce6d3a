"""One model for everybody, for methods that start from theta or bring numbers of their own to the objective."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from adaptation.people import interaction, person
from idiolect.adaptation.adapters.personal.oppu import OPPU
from idiolect.adaptation.adapters.shared.plora import PLoRA
from idiolect.adaptation.alignment.training.modpo import MODPO
from idiolect.adaptation.prompting.retrieval.ipa import IPA
from idiolect.composition import Composed
from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Item, Key, Recipe, Request, Score
from idiolect.core.types import Preference
from idiolect.evaluation.asking.pooling import Prepared, pooled
from idiolect.evaluation.asking.respond import adapt, learn
from idiolect.evaluation.costs import Metered
from idiolect.models.hf import HFModel
from idiolect.training.parts import LowRank
from idiolect.training.shared import Coded

QUICK = Recipe(lr=1e-2, steps=3, batch=4)
PAIRS = (("Hi!", "Good day to you, Sir."), ("Fine.", "I am very well, thank you."), ("No.", "I would rather not."))


def tagger(user: str, label: str) -> Any:
    return person(user, *(interaction(f"{user}{i}", f"a film about {w}", label) for i, w in enumerate(("war", "tea"))))


def chooser(user: str, turned: bool) -> Any:
    both = [(b, a) if turned else (a, b) for a, b in PAIRS]
    return person(
        user, *(Preference(id=f"{user}{i}", prompt="Well?", chosen=a, rejected=b) for i, (a, b) in enumerate(both))
    )


CASES = [
    (PLoRA(layer=Coded(rank=2, alpha=4.0, code=4, sites="q,v"), recipe=QUICK, newcomer=QUICK), tagger, "dull", "odd"),
    (MODPO(count=2, policy=LowRank(rank=2), recipe=QUICK), chooser, False, True),
]


@pytest.mark.parametrize(("method", "make", "one", "other"), CASES)
def test_everybody_gets_the_same_trained_parts_and_they_are_not_his_own(
    llama: HFModel, method: Any, make: Any, one: Any, other: Any
) -> None:
    model = Metered(llama)
    people = {"ann": make("ann", one), "bob": make("bob", other)}
    ready = learn(method, "m", 0, [make("l1", one), make("l2", other)], model)
    owns = pooled(ready, people, model)
    alone = adapt(ready, people, model).owns
    for a, b, mine in zip(*(owns[u].trained.edits for u in people), alone["ann"].trained.edits, strict=True):
        tensors = [{**e.shared, **e.rows} for e in (a, b, mine)]
        assert all(torch.equal(tensors[0][k], tensors[1][k]) for k in tensors[0])
        assert any(not torch.equal(tensors[0][k], tensors[2][k]) for k in tensors[0])
    items = [
        Item(query=ask("tag", "a film"), answer="odd", idiolect=method.condition(people[u], None, ready.theta, owns[u]))
        for u in people
    ]
    (scored,) = llama.answer([Score(items=tuple(items))], [Key()])  # both in one batch
    torch.testing.assert_close(scored[0].log_probs, scored[1].log_probs)


class Counting(Metered):
    """Counts the users who train."""

    fitted = 0

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        self.fitted += sum(isinstance(r, Fit) for r in requests)
        return super().answer(requests, keys)


def test_parts_that_learn_apart_are_the_methods_alone_and_learn_once(llama: HFModel) -> None:
    model = Counting(llama)
    people = {"ann": tagger("ann", "dull"), "bob": tagger("bob", "odd")}
    oppu = OPPU(task=LowRank(rank=2), task_recipe=QUICK, user=LowRank(rank=2), recipe=QUICK)
    both = Composed(left=IPA(), right=oppu, apart=True)
    prepared = Prepared(learners=[tagger("l1", "dull")], people=people, model=model, shared={"ipa", "oppu"})
    alone, pair = prepared.ready(oppu, "oppu", 0), prepared.ready(both, "ipa | oppu (apart)", 0)
    everybody, pooled_pair = prepared.pooled(alone), prepared.pooled(pair)
    assert pair.theta[1] is alone.theta
    assert all(pair.owns[u][1] is alone.owns[u] for u in people)
    assert all(pooled_pair[u][1] is everybody[u] for u in people)
    assert model.fitted == 1 + 2 + 1  # theta, two users, everybody: not once more for the composition
    few = adapt(pair, {"ann": people["ann"]}, model)
    assert few.owns["ann"][1].sources == alone.owns["ann"].sources
    assert prepared.ready(oppu, "oppu", 1).theta is not alone.theta  # another seed learns anew
