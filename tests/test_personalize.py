"""M_i over one model, from words to words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from adaptation.people import ANN, interaction, person
from contract_setting import digest, quick
from idiolect.core.errors import AccessError
from idiolect.core.layout import ask
from idiolect.models.scripted import ScriptedModel
from idiolect.personalize import Personal, compose

if TYPE_CHECKING:
    from idiolect.models.hf import HFModel

BOB = person("bob", interaction("b0", "a film about ships", "dull"), interaction("b1", "a film about love", "dull"))


def test_a_composition_learns_adapts_and_says_what_it_used(llama: HFModel) -> None:
    both = compose("ipa | oppu", {"oppu": {"recipe": {"steps": 2}, "task_recipe": {"steps": 2}}})
    personal = Personal(method=both, model=llama)
    personal.learn([BOB])
    personal.adapt(ANN)
    made = personal.condition(ANN, ask("tag", "a film about love"))
    assert ("ann", "a5") in made.sources
    assert len(made.streams[0].edits) == 10  # in each of two blocks everybody's q, k, v and her q, v
    assert isinstance(personal.respond(ANN, "Hello?"), str)


def test_two_runs_of_one_seed_leave_the_same_own(llama: HFModel) -> None:
    owns = []
    for seed in (0, 0, 1):
        personal = Personal(method=quick(compose("oppu")), model=llama, seed=seed)
        personal.adapt(ANN)
        owns.append(digest(personal.owns["ann"]))
    assert owns[0] == owns[1] != owns[2]


def test_a_model_of_text_alone_serves_what_needs_no_more() -> None:
    personal = Personal(method=compose("ipa"), model=ScriptedModel(["salty"]))
    assert personal.respond(ANN, ask("tag", "a film about ships")) == "salty"


def test_a_method_that_needs_more_than_the_model_gives_says_so() -> None:
    personal = Personal(method=compose("cos"), model=ScriptedModel(["salty"]))
    with pytest.raises(AccessError, match="cos needs LOGITS"):
        personal.respond(ANN, ask("tag", "a film about ships"))
