"""RECAP: what it foresees, what it retrieves for it, and in which form that enters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptation.people import ANN, interaction, person, run
from idiolect.adaptation.prompting.foreseeing import Foreseeing, Said, Seer
from idiolect.adaptation.prompting.soft.recap import RECAP
from idiolect.core.idiolect import Edit
from idiolect.core.layout import HISTORY, ask
from idiolect.core.requests import Fit, Key, Recipe, Request, Trained
from idiolect.models.hf import HFModel
from idiolect.training.computed.foresight import Foresight, foreseen
from idiolect.training.computed.slotted import Slotted

QUERY = ask("tag", "a film about ships")
SHORT = Recipe(lr=1e-2, steps=3, batch=4)
METHOD = RECAP(slots=Slotted(count=2, hidden=4), recipe=SHORT, retrieving=SHORT, k=2)
SEEING = Foreseeing(Foresight(), SHORT, "blocks.-1", window=2)


def seer(**trained: torch.Tensor) -> Seer:
    tensors = {"Q": 10 * torch.eye(2), "V": torch.eye(2), "W": torch.zeros(2, 2)} | trained
    edit = Edit(site="blocks", formula=foreseen, shared=tensors)
    return Seer(post=torch.zeros(2), answer=torch.zeros(2), trained=Trained(edits=(edit,)))


@pytest.fixture(scope="module")
def model() -> HFModel:
    return HFModel.random("llama")


@pytest.fixture(scope="module")
def learnt(model: HFModel) -> Any:
    return on(model, METHOD.learn([ANN, person("bob", *ANN.records)]))


def on(model: HFModel, verb: Any) -> tuple[Any, list[Request]]:
    return run(verb, lambda request: model.answer([request], [Key()])[0])


def test_what_is_most_like_the_foreseen_answer_is_retrieved_oldest_first() -> None:
    said = Said(posts=torch.eye(2)[[0, 1, 1]], answers=torch.tensor([[1.0, 0.1], [0.0, 1.0], [1.0, 0.0]]))
    # like the second and third post, of which the third is the latest within the window of two
    assert SEEING.best(torch.tensor([1.0, 0.0]), said, seer(W=torch.eye(2), V=torch.zeros(2, 2)), 2) == [0, 2]
    assert SEEING.best(torch.tensor([1.0, 0.0]), said.first(0), seer(), 2) == []


def test_the_window_hides_older_posts_from_the_foresight_alone() -> None:
    said = Said(posts=torch.eye(2)[[0, 1, 1]], answers=torch.eye(2)[[0, 1, 1]])
    numbers = SEEING.numbers(torch.tensor([1.0, 0.0]), said, seer())
    assert numbers["posts"].tolist() == [[0.0, 1.0], [0.0, 1.0]]
    assert SEEING.numbers(torch.tensor([1.0, 0.0]), said.first(1), seer())["there"].tolist() == [1.0, 0.0]


def test_each_example_stands_under_what_was_said_before_it(learnt: Any) -> None:
    _, asked = learnt
    retriever, slots = (r for r in asked if isinstance(r, Fit))
    assert all(not i.idiolect.streams for i in retriever.items)
    assert len(retriever.items) == len(slots.items) == 8  # five examples of each, the first has nothing before it
    read = [i.idiolect.streams[0].past.computed.rows["retrieved"] for i in slots.items[:4]]
    assert len(read[0]) == len(" salty")  # one token a byte: the one thing said before
    assert slots.train[0].layers == (0, 1)


def test_the_same_records_stand_in_the_prompt_of_the_cousin(model: HFModel, learnt: Any) -> None:
    theta = learnt[0].theta
    own, _ = on(model, METHOD.adapt(ANN, theta))
    made, _ = on(model, METHOD.condition(ANN, QUERY, theta, own))
    cousin, _ = on(model, replace(METHOD, shown="prompt").condition(ANN, QUERY, theta, own))
    (block,) = cousin.streams[0].context
    assert block.heading == HISTORY
    assert len(block.lines) == 2
    assert cousin.sources == made.sources
    assert made.streams[0].past.length == 2
    assert not made.streams[0].context
    assert cousin.streams[0].past is None


def test_going_on_keeps_what_was_encoded(model: HFModel, learnt: Any) -> None:
    theta = learnt[0].theta
    first, _ = on(model, METHOD.adapt(ANN.until(6), theta))
    second, asked = on(model, METHOD.adapt(ANN, theta, first))
    assert torch.equal(second.posts[:3], first.posts)
    assert [len(r.items) for r in asked] == [2, 2]  # the two that came since
    assert on(model, METHOD.adapt(person("new"), theta)) == (None, [])


def test_a_newcomer_gets_what_everybody_gets(model: HFModel, learnt: Any) -> None:
    made, _ = on(model, METHOD.condition(person("new", interaction("n", "x", "y")), QUERY, learnt[0].theta, None))
    assert made.streams[0].past.computed.rows["retrieved"].shape == (0, 32)
    assert not made.sources
