"""One model for everybody: fitted on a nameless person who has all records, and known to know nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from adaptation.people import interaction, person
from idiolect import registry
from idiolect.adaptation.adapters.personal.oppu import OPPU
from idiolect.adaptation.adapters.personal.user_adapter import UserAdapter
from idiolect.adaptation.adapters.shared.plora import PLoRA
from idiolect.adaptation.alignment.decoding.mod import MOD
from idiolect.adaptation.alignment.decoding.personalized_soups import PersonalizedSoups
from idiolect.adaptation.alignment.decoding.vas import VAS
from idiolect.adaptation.alignment.training.modpo import MODPO
from idiolect.adaptation.prompting.soft.pplug import PPlug
from idiolect.core.layout import ask
from idiolect.core.method import flow
from idiolect.core.requests import Item, Key, Recipe, Score
from idiolect.core.types import Attribute, Preference, Query, UserData
from idiolect.evaluation.asking.pooling import nameless, pooled
from idiolect.evaluation.asking.respond import Ready, adapt, learn
from idiolect.evaluation.costs import Metered
from idiolect.generation.drive import run
from idiolect.models.hf import HFModel
from idiolect.training.parts import LowRank, Vector
from idiolect.training.shared import Coded

QUICK = Recipe(lr=1e-2, steps=3, batch=4)
LORA = LowRank(rank=2, seed=0)
PAIRS = (("Hi!", "Good day to you, Sir."), ("Fine.", "I am very well, thank you."), ("No.", "I would rather not."))


def tagger(user: str, label: str) -> UserData:
    return person(user, *(interaction(f"{user}{i}", f"a film about {w}", label) for i, w in enumerate(("war", "tea"))))


def chooser(user: str, turned: bool) -> UserData:
    both = [(b, a) if turned else (a, b) for a, b in PAIRS]
    return person(
        user, *(Preference(id=f"{user}{i}", prompt="Well?", chosen=a, rejected=b) for i, (a, b) in enumerate(both))
    )


def dealt(people: Mapping[str, UserData]) -> dict[str, UserData]:
    """The same records, but the first of each person is now the next one's."""
    names = list(people)
    return {
        u: person(u, *people[u].records[1:], people[after].records[0])
        for u, after in zip(names, names[1:] + names[:1], strict=True)
    }


@dataclass(frozen=True)
class Case:
    """People of two kinds, and what is put to the model afterwards."""

    make: Callable[[str, Any], UserData]
    kinds: tuple[Any, Any]
    query: Query
    answers: tuple[str, str]

    @property
    def people(self) -> dict[str, UserData]:
        return {u: self.make(u, self.kinds[i % 2]) for i, u in enumerate(("ann", "bob", "eve"))}


TAGGING = Case(tagger, ("dull", "odd"), ask("tag", "a film"), ("dull", "odd"))
CHOOSING = Case(chooser, (False, True), ask("reply", "Well?"), ("Hi!", "Good day."))
CASES: dict[str, tuple[Any, Case]] = {
    "oppu": (OPPU(task=LORA, task_recipe=QUICK, user=LORA, recipe=QUICK), TAGGING),
    "user_adapter": (UserAdapter(tune=False, vector=Vector(scale=0.1), recipe=QUICK), TAGGING),
    "plora": (PLoRA(layer=Coded(rank=2, alpha=4.0, code=4, sites="q,v"), recipe=QUICK, newcomer=QUICK), TAGGING),
    "pplug": (PPlug(recipe=QUICK), TAGGING),
    "modpo": (MODPO(count=2, policy=LORA, recipe=QUICK), CHOOSING),
    "mod": (MOD(count=1, policy=LORA, recipe=QUICK), CHOOSING),
    "personalized_soups": (PersonalizedSoups(count=1, policy=LORA, recipe=QUICK), CHOOSING),
    "vas": (VAS(count=1, recipe=QUICK, best=4), CHOOSING),
}


def told(model: Metered, ready: Ready, user: UserData, case: Case) -> torch.Tensor:
    """What answering as this user gives: log-probabilities of two answers."""
    made = ready.method.condition(user, case.query, ready.theta, ready.owns[user.user_id])
    idiolect = run(flow(made), {"base": model}, Key())
    items = tuple(Item(query=case.query, answer=a, idiolect=idiolect) for a in case.answers)
    (scored,) = model.answer([Score(items=items)], [Key()])
    return torch.cat([s.log_probs for s in scored])


@pytest.mark.parametrize("name", CASES)
def test_one_model_for_everybody_does_not_know_whose_the_records_were(llama: HFModel, name: str) -> None:
    method, case = CASES[name]
    model = Metered(llama)
    ready = learn(method, name, 0, [case.make("l1", case.kinds[0]), case.make("l2", case.kinds[1])], model)
    found = []
    for people in (case.people, dealt(case.people)):
        everybody, met = pooled(ready, people, model)
        found.append(told(model, met, everybody, case))
    assert torch.equal(*found)
    own = adapt(ready, case.people, model)
    assert not torch.equal(found[0], told(model, own, case.people["ann"], case))


@pytest.mark.parametrize("name", ["oppu", "pplug", "mod", "personalized_soups", "vas"])
def test_theta_is_learnt_anew_of_the_nameless_where_people_are_told_apart_in_it(llama: HFModel, name: str) -> None:
    method, case = CASES[name]
    model = Metered(llama)
    ready = learn(method, name, 0, [case.make("l1", case.kinds[1])], model)
    everybody, found = pooled(ready, case.people, model)
    if registry.card(name).pooled == "own":
        assert found.theta is ready.theta
        return
    alone = learn(method, name, 0, [everybody], model)
    owns = [adapt(x, {everybody.user_id: everybody}, model) for x in (alone, ready)]
    same, learners = (told(model, x, everybody, case) for x in owns)
    assert torch.equal(told(model, found, everybody, case), same)
    assert not torch.equal(same, learners)


def test_the_nameless_has_all_that_is_learnt_from_and_nothing_that_says_who_he_is() -> None:
    ann = person("ann", Attribute(id="1", name="job", value="pilot"), *tagger("a", "dull").records)
    bob = person(
        "bob", *tagger("a", "odd").records, interaction("r", "a film", "5", task="rate"), *chooser("b", True).records
    )
    everybody = nameless({"ann": ann, "bob": bob}, UserAdapter(tasks=("tag",)))
    assert sorted(e.target for e in everybody.examples()) == ["dull", "dull", "odd", "odd"]
    assert len({r.id for r in everybody.records}) == 4
    assert {r.kind for r in nameless({"ann": ann, "bob": bob}, MOD()).records} == {"preference"}
