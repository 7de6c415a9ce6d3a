"""One model for everybody, for methods that start from theta or bring numbers of their own to the objective."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from adaptation.people import interaction, person
from idiolect.adaptation.adapters.shared.plora import PLoRA
from idiolect.adaptation.alignment.training.modpo import MODPO
from idiolect.core.layout import ask
from idiolect.core.requests import Item, Key, Recipe, Score
from idiolect.core.types import Preference
from idiolect.evaluation.costs import Metered
from idiolect.evaluation.pooling import pooled
from idiolect.evaluation.respond import adapt, learn
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
    (MODPO(count=2, policy=LowRank(rank=2), recipe=QUICK, tasks=("reply", "choose")), chooser, False, True),
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
