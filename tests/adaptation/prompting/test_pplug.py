"""PPlug: pooling worked on paper; which items stand before which example, with hidden states made up by the test."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from adaptation.people import ANN, person, run
from idiolect.adaptation.prompting.soft.pplug import PPlug
from idiolect.core.idiolect import Computed
from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Fitted, Read, Request, Site, Trained
from idiolect.training.computed.plug import Plug, plug, pooled

QUERY = ask("tag", "a film about ships")


def answer(request: Request) -> Any:
    if isinstance(request, Read):
        return tuple({"model.layers.1": torch.tensor([float(len(i.answer)), 1.0])} for i in request.items)
    assert isinstance(request, Fit)
    tensors = Plug().init(Site("prefix", 2, 2), torch.Generator().manual_seed(0))
    return Fitted(users={"": Trained(prefix=Computed(formula=plug, shared=tensors))})


def test_items_are_pooled_by_their_likeness_to_the_query() -> None:
    history = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    there, query = torch.ones(1, 2), torch.tensor([[math.log(3), 0.0]])
    assert pooled(query, history, there).tolist() == [pytest.approx([0.75, 0.25])]
    assert pooled(torch.zeros(1, 2), history, there).tolist() == [[0.5, 0.5]]  # the cousin: uniform
    assert pooled(query, history, torch.tensor([[0.0, 1.0]])).tolist() == [[0.0, 1.0]]


def test_without_history_the_users_place_is_empty() -> None:
    tensors = Plug().init(Site("prefix", 2, 2), torch.Generator().manual_seed(0))
    tensors |= {"down_bias": torch.ones(2), "query": torch.ones(1, 2), "history": torch.zeros(1, 0, 2)}
    made = plug({**tensors, "there": torch.ones(1, 0)}, SimpleNamespace())
    assert made.tolist() == [[[0.0, 0.0], [0.0, 0.0]]]


def test_each_example_stands_under_the_items_before_it() -> None:
    _, (*_, fit) = run(PPlug().learn([ANN]), answer)
    assert isinstance(fit, Fit)
    given = [i.idiolect.streams[0].prefix for i in fit.items]
    assert [len(g.rows["history"]) for g in given if isinstance(g, Computed)] == [1, 2, 3, 4]
    assert next(i.answer for i in fit.items) == "salty"


def test_the_query_weighs_the_items_and_in_the_cousin_does_not() -> None:
    theta = run(PPlug().learn([ANN]), answer)[0].theta
    own, _ = run(PPlug().adapt(ANN, theta), answer)
    for pooling, query in (("query", [0.0, 1.0]), ("uniform", [0.0, 0.0])):
        made, _ = run(PPlug(pooling=pooling).condition(ANN, QUERY, theta, own), answer)  # type: ignore[arg-type]
        prefix = made.streams[0].prefix
        assert isinstance(prefix, Computed)
        assert prefix.rows["query"].tolist() == query
        assert len(prefix.rows["history"]) == 5
        assert made.sources == {("ann", f"a{i}") for i in range(3, 8)}


def test_of_a_long_history_the_latest_items_stay() -> None:
    own, _ = run(PPlug(limit=2).adapt(ANN, None), answer)
    assert own.sources == (("ann", "a6"), ("ann", "a7"))
    assert len(own.vectors) == 2


def test_a_newcomer_gets_the_instruction_alone() -> None:
    theta = run(PPlug().learn([ANN]), answer)[0].theta
    made, _ = run(PPlug().condition(person("new"), QUERY, theta, None), answer)
    assert not made.sources
    assert len(made.streams[0].prefix.rows["history"]) == 0


@pytest.mark.parametrize("over", ["all", "answer"])
def test_items_are_read_at_the_tokens_that_stand_for_them_and_queries_at_the_prompt(over: Any) -> None:
    _, requests = run(PPlug(over=over).learn([ANN]), answer)
    assert [r.over for r in requests if isinstance(r, Read)] == [over, "prompt"]
