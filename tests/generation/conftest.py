"""A crowd: rows that differ in everything that a row may differ in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from idiolect.core.idiolect import Block, Combine, Computed, Edit, Idiolect, Past, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Item, Key, Read, Sampling
from idiolect.forward.attach import At
from idiolect.forward.sites import resolve
from idiolect.models.hf import HFModel


def low_rank(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    return h + x @ t["A"].transpose(1, 2) @ t["B"].transpose(1, 2)


def shift(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    return h + t["v"][:, None] * at.answer[..., None]


def halfway(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    assert at.partner is not None
    return (h[:, -1:] + at.partner[:, -1:]) / 2 if h.shape[1] == 1 else h


def repeated(t: Mapping[str, Tensor], at: At) -> Tensor:
    return t["v"][:, None].expand(-1, 2, -1)


def steer(step: Any, rows: Mapping[str, Tensor]) -> Tensor:
    with_context, without = step.log_probs.unbind(1)
    mixed = with_context + rows["strength"][:, None] * (with_context - without)
    return mixed.log_softmax(-1)


def mean(step: Any, rows: Mapping[str, Tensor]) -> Tensor:
    return (step.log_probs * rows["weights"][..., None]).sum(1).log_softmax(-1)


def counting(step: Any, rows: Mapping[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
    """The n-th token is drawn from the n-th stream, in turn: needs to remember n."""
    count = step.state["n"] if step.state else torch.zeros(len(step.log_probs), dtype=torch.long)
    chosen = step.log_probs[torch.arange(len(count)), count % step.log_probs.shape[1]]
    return chosen, {"n": count + 1}


class Crowd:
    """Makes the i-th asker: the same each time."""

    def __init__(self, model: HFModel) -> None:
        self.model = model
        self.module = model.module
        items = tuple(Item(query=ask("tag", "a tale of the sea " * n), answer="salty") for n in (1, 2))
        (read,) = model.answer([Read(items=items, past=True, over="prompt")], [Key()])
        self.pasts: list[Past] = [r["past"] for r in read]

    def edits(self, i: int) -> tuple[Edit, ...]:
        generator = torch.Generator().manual_seed(i)
        edits = []
        for site in resolve(self.module, "q,v" if i % 2 else "down"):
            rank = 1 + i % 3
            a = torch.randn(rank, site.d_in, generator=generator)
            b = torch.randn(site.d_out, rank, generator=generator) * 0.3
            edits.append(Edit(site=site.path, formula=low_rank, rows={"A": a, "B": b}, cached_as=f"asker {i}"))
        if i % 4 == 1:
            (site,) = resolve(self.module, "blocks.0.5")
            v = torch.randn(site.d_out, generator=generator)
            edits.append(Edit(site=site.path, formula=shift, rows={"v": v}))
        return tuple(edits)

    def idiolect(self, i: int) -> Idiolect:
        vector = torch.randn(self.model.width, generator=torch.Generator().manual_seed(1000 + i))
        history = Block("Past examples by the user:", tuple(f"- item {n} => tag {i}" for n in range(i % 3 + 1)))
        match i % 8:
            case 0:
                return Idiolect()
            case 1 | 2:
                return Idiolect(streams=(Stream(edits=self.edits(i), context=(history,)),))
            case 3:
                return Idiolect(streams=(Stream(prefix=vector.expand(1 + i % 3, -1)),))
            case 4:
                return Idiolect(streams=(Stream(past=self.pasts[i % 2], edits=self.edits(i)),))
            case 5:
                streams = (Stream(context=(history,)), Stream(edits=self.edits(i)))
                return Idiolect(streams=streams, combine=Combine(formula=steer, rows={"strength": i / 10}))
            case 6:
                prefix = Computed(formula=repeated, rows={"v": vector})
                streams = (Stream(prefix=prefix), Stream(context=(history,)), Stream(past=self.pasts[i % 2]))
                weights = torch.tensor([0.5, 0.2, 0.3])
                return Idiolect(streams=streams, combine=Combine(formula=mean, rows={"weights": weights}))
        streams = (Stream(context=(history,)), Stream(query="something else"))
        return Idiolect(streams=streams, combine=Combine(formula=counting))

    def ask(self, i: int, **sampling: Any) -> Ask:
        options = {"max_tokens": 4 + i % 5, **sampling}
        query = ask("tag", "a film about ships " * (1 + i % 4))
        return Ask(query=query, idiolect=self.idiolect(i), sampling=Sampling(**options))

    def key(self, i: int) -> Key:
        return Key(seed=3, method="crowd", user=f"asker {i}")


@pytest.fixture(scope="session", params=["llama", "lfm2", "gpt2"])
def crowd(request: pytest.FixtureRequest) -> Crowd:
    return Crowd(HFModel.random(request.param))


@pytest.fixture(scope="session")
def small_crowd() -> Crowd:
    """Of the family with both kinds of memory."""
    return Crowd(HFModel.random("lfm2"))


@pytest.fixture(scope="session")
def crowd_of() -> type[Crowd]:
    """Makes a crowd of any model."""
    return Crowd
