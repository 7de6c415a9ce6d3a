"""What an item brings of its own enters the loss: context, frozen edits, prefix, several streams, a part's inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Block, Combine, Computed, Edit, Idiolect, Stream
from idiolect.core.requests import Fit, Fitted, Item, Key, Recipe, Score, Site
from idiolect.training.loop import fit
from idiolect.training.objectives import reads
from idiolect.training.parts import LowRank, Shift, Trainable, Value, Vector, Weights, low_rank

STILL = Recipe(lr=0.0, steps=1, batch=8)  # its one loss is the loss of the start


def first_loss(model: Any, item: Item, *, objective: Any = "sft", part: Any = None, **more: Any) -> float:
    request = Fit(train=(part or Shift(),), items=(item,), objective=objective, recipe=STILL, **more)
    (result,) = fit(model, [request], [Key()])
    assert isinstance(result, Fitted), result
    return result.losses[item.user][0]


def score(model: Any, item: Item) -> float:
    """- mean log p of the answer's tokens, as `Score` gives it."""
    ((scored,),) = model.answer([Score(items=(item,))], [Key()])
    return -float(scored.log_probs.mean())


def edit(seed: int) -> Edit:
    draw = torch.Generator().manual_seed(seed)
    rows = {
        "A": torch.randn(2, 32, generator=draw),
        "B": torch.randn(32, 2, generator=draw),
        "scale": torch.tensor(0.5),
    }
    return Edit(site="model.layers.1.self_attn.q_proj", formula=low_rank, rows=rows)


def steer(step: Any, rows: Mapping[str, Any]) -> Tensor:
    first, second = step.log_probs.unbind(1)
    return (first + rows["strength"].unsqueeze(-1) * (first - second)).log_softmax(-1)


STREAMS = {
    "context": (Stream(context=(Block("About the user:", ("- likes: ships",)),)),),
    "rewritten query": (Stream(query="Tag: a film about cats"),),
    "edit": (Stream(edits=(edit(1),)),),
    "prefix": (Stream(prefix=torch.ones(2, 32)),),
    "several": (Stream(edits=(edit(1),)), Stream(context=(Block("About the user:", ("- likes: ships",)),))),
}


@pytest.mark.parametrize("name", STREAMS)
def test_an_item_is_trained_under_the_idiolect_that_it_would_be_scored_under(
    backbone: Any, items: Any, name: str
) -> None:
    model = backbone("llama", torch.float64)
    combine = Combine(formula=steer, rows={"strength": 0.7}) if name == "several" else None
    (plain,) = items("ann", 1)
    item = replace(plain, idiolect=Idiolect(streams=STREAMS[name], combine=combine))
    assert first_loss(model, item) == pytest.approx(score(model, item), rel=1e-9)
    assert first_loss(model, item) != pytest.approx(first_loss(model, plain), rel=1e-4)


def test_items_of_all_kinds_share_a_batch(backbone: Any, items: Any) -> None:
    model = backbone("llama", torch.float64)
    (plain,) = items("ann", 1)
    mixed = [plain, *(replace(plain, idiolect=Idiolect(streams=STREAMS[n])) for n in STREAMS if n != "several")]
    for strength in (0.0, 1.5):
        combine = Combine(formula=steer, rows={"strength": strength})
        mixed.append(replace(plain, idiolect=Idiolect(streams=STREAMS["several"], combine=combine)))
    request = Fit(train=(Shift(),), items=tuple(mixed), recipe=STILL)
    (result,) = fit(model, [request], [Key()])
    assert result.losses["ann"][0] == pytest.approx(sum(score(model, i) for i in mixed) / len(mixed), rel=1e-9)


def test_what_was_trained_gives_in_a_stream_what_training_saw(backbone: Any, items: Any) -> None:
    model = backbone("lfm2", torch.float64)
    given = items("ann", 4)
    parts = (LowRank(rank=3, alpha=5.0, sites="linear"), Vector(length=2, scale=0.1), Shift())
    request = Fit(train=parts, items=given, recipe=Recipe(lr=0.02, steps=6, batch=4))
    (first,) = fit(model, [request], [Key()])
    got = first.users["ann"]
    stream = Stream(edits=got.edits, prefix=got.prefix)
    mean = sum(score(model, replace(i, idiolect=Idiolect(streams=(stream,)))) for i in given) / 4
    (again,) = fit(model, [replace(request, start=first.users, recipe=STILL)], [Key()])
    assert again.losses["ann"][0] == pytest.approx(mean, rel=1e-9)
    assert mean < first.losses["ann"][0]


def test_dpo_stays_near_each_items_own_idiolect(backbone: Any, items: Any) -> None:
    model = backbone("llama", torch.float64)
    (item,) = items("ann", 1)
    item = replace(item, idiolect=Idiolect(streams=(Stream(edits=(edit(2),)),)))
    assert first_loss(model, item, objective="dpo") == pytest.approx(0.6931471805599453)  # no part has moved yet
    elsewhere = first_loss(model, item, objective="dpo", reference=Idiolect())
    assert elsewhere != pytest.approx(0.6931471805599453, abs=1e-3)


def test_kl_teaches_the_reference(backbone: Any, items: Any) -> None:
    teacher = Idiolect(streams=(Stream(edits=(edit(3),)),))
    request = Fit(
        train=(LowRank(rank=8, sites="linear"),),
        items=items("ann", 2),
        objective="kl",
        reference=teacher,
        recipe=Recipe(lr=0.02, steps=40),
    )
    (result,) = fit(backbone(), [request], [Key()])
    assert result.losses["ann"][-1] < 0.2 * result.losses["ann"][0]


@pytest.mark.parametrize("objective", ["bradley_terry", "td"])
def test_a_value_head_learns_rewards(backbone: Any, items: Any, objective: str) -> None:
    options = {"reward": (1.0, -1.0, 0.5)} if objective == "td" else {}
    pairs = tuple(replace(i, rejected="bad") for i in items("ann", 3))
    recipe = Recipe(lr=0.05, steps=40)
    request = Fit(train=(Value(),), items=pairs, objective=objective, options=options, recipe=recipe)
    (result,) = fit(backbone(), [request], [Key()])
    assert result.losses["ann"][-1] < 0.5 * result.losses["ann"][0]


def test_an_option_of_another_length_is_refused(backbone: Any, items: Any) -> None:
    request = Fit(train=(Value(),), items=items("ann", 3), objective="td", options={"reward": (1.0, 2.0)})
    (refused,) = fit(backbone(), [request], [Key()])
    assert isinstance(refused, BadInput)
    assert "Fit.options['reward']: 2 entries for 3 items" in str(refused)


def test_a_weight_of_two_doubles_an_examples_loss(backbone: Any, items: Any) -> None:
    model = backbone()
    (item,) = items("ann", 1)
    assert first_loss(model, replace(item, weight=2.0)) == pytest.approx(2 * first_loss(model, item))


def pooled(tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """A prefix from a history: mean of its vectors, projected: history (B, n, d), projection (d, d), own (B, d)."""
    return (tensors["history"].mean(1) @ tensors["projection"] + tensors["own"]).unsqueeze(1)


@dataclass(frozen=True)
class Pool(Trainable):
    """A projection that all users train together and a vector of each one's own, over a given history."""

    sites: str = "prefix"

    @property
    def shared(self) -> tuple[str, ...]:
        return ("projection",)

    @property
    def formula(self) -> Callable[..., Tensor]:
        return pooled

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        d = site.d_out
        return {"projection": torch.randn(d, d, generator=generator) / d, "own": torch.zeros(d)}


def histories(items: Any, *users: str) -> tuple[Item, ...]:
    given = Computed(formula=pooled, rows={"history": torch.randn(3, 32)})
    return tuple(i for u in users for i in items(u, 3, idiolect=Idiolect(streams=(Stream(prefix=given),))))


def test_shared_tensors_and_each_users_rows_train_in_one_run(backbone: Any, items: Any) -> None:
    request = Fit(
        train=(Pool(),), items=histories(items, "ann", "bob", "eve"), recipe=Recipe(lr=0.05, epochs=8, batch=4)
    )
    (result,) = fit(backbone(), [request], [Key()])
    prefixes = [result.users[u].prefix for u in ("ann", "bob", "eve")]
    assert prefixes[0].shared["projection"] is not None
    assert all(torch.equal(p.shared["projection"], prefixes[0].shared["projection"]) for p in prefixes)
    assert not torch.equal(prefixes[0].rows["own"], prefixes[1].rows["own"])
    assert set(prefixes[0].rows) == {"own"}  # the history stays the method's
    assert all(result.losses[u][-1] < result.losses[u][0] for u in ("ann", "bob", "eve"))


@dataclass(frozen=True)
class FixedPool(Pool):
    """For who comes later: the projection as it was learnt, a vector of his own."""

    @property
    def frozen(self) -> tuple[str, ...]:
        return ("projection",)


def test_newcomers_train_rows_beside_frozen_shared_tensors_as_if_alone(backbone: Any, items: Any, numbers: Any) -> None:
    model = backbone("llama", torch.float64)
    request = Fit(train=(Pool(),), items=histories(items, "ann", "bob"), recipe=Recipe(lr=0.05, epochs=2))
    (theta,) = fit(model, [request], [Key()])
    start = dict.fromkeys(("cyd", "dan"), theta.users["ann"])
    fits = [
        Fit(train=(FixedPool(),), items=histories(items, u), recipe=Recipe(lr=0.05, steps=5), start=start)
        for u in ("cyd", "dan")
    ]
    keys = [Key(user=u) for u in ("cyd", "dan")]
    together = fit(model, fits, keys)
    for f, key, result in zip(fits, keys, together, strict=True):
        (alone,) = fit(model, [f], [key])
        got = result.users[key.user]
        assert (numbers(got) - numbers(alone.users[key.user])).abs().max() < 1e-8
        assert torch.equal(got.prefix.shared["projection"], theta.users["ann"].prefix.shared["projection"])
        assert not torch.equal(got.prefix.rows["own"], theta.users["ann"].prefix.rows["own"])


def test_who_brings_no_input_beside_others_who_do_is_refused(backbone: Any, items: Any) -> None:
    mixed = (*histories(items, "ann"), *items("bob", 1))
    (refused,) = fit(backbone(), [Fit(train=(Pool(),), items=mixed, recipe=Recipe(batch=8))], [Key()])
    assert isinstance(refused, BadInput)
    assert "3 of 4 items bring what Pool" in str(refused)


def test_parts_are_trained_on_a_derived_model_that_the_streams_name(backbone: Any, items: Any) -> None:
    model = backbone("llama", torch.float64)
    given = items("ann", 3)
    tuned = Fit(train=(Weights(),), items=given, rows="all", recipe=Recipe(lr=0.01, steps=5))
    (stage,) = fit(model, [tuned], [Key()])
    name = stage.users[""].model
    (item, *_) = (replace(i, idiolect=Idiolect(streams=(Stream(model=name),))) for i in given)
    assert first_loss(model, item) == pytest.approx(score(model, item), rel=1e-9)
    assert first_loss(model, item) < first_loss(model, given[0])


def slots_of_memory(tensors: Mapping[str, Tensor], at: Any) -> dict[str, tuple[Tensor, Tensor]]:
    """Trained keys and values: kv (B, layers, 2, heads, N, d_head) -> by layer."""
    return {str(i): layer.unbind(1) for i, layer in enumerate(tensors["kv"].unbind(1))}


@dataclass(frozen=True)
class Memories(Trainable):
    """Three positions of keys and values before the prompt, in a model of two layers."""

    heads: int
    width: int
    sites: str = "past"

    @property
    def formula(self) -> Callable[..., Any]:
        return slots_of_memory

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        return {"kv": torch.randn(2, 2, self.heads, 3, self.width, generator=generator)}


def test_a_trained_past_gives_in_a_stream_what_training_saw(backbone: Any, items: Any) -> None:
    model = backbone("llama", torch.float64)
    config = model.module.config
    part = Memories(config.num_key_value_heads, config.hidden_size // config.num_attention_heads)
    given = items("ann", 2)
    request = Fit(train=(part,), items=given, recipe=Recipe(lr=0.05, steps=6))
    (first,) = fit(model, [request], [Key()])
    assert first.losses["ann"][-1] < first.losses["ann"][0]
    (again,) = fit(model, [replace(request, start=first.users, recipe=STILL)], [Key()])
    stream = Stream(past=first.users["ann"].past)
    mean = sum(score(model, replace(i, idiolect=Idiolect(streams=(stream,)))) for i in given) / 2
    assert again.losses["ann"][0] == pytest.approx(mean, rel=1e-9)


def test_items_without_a_stream_train_a_module_of_the_methods_own(backbone: Any, items: Any) -> None:
    given = items("ann", 2, idiolect=Idiolect(streams=()))

    @reads("parts")
    def far(outputs: Any, numbers: Mapping[str, Tensor]) -> Tensor:
        return (outputs.parts[0]["shift"] - numbers["goal"]).square().sum(-1)

    goals = torch.stack([torch.ones(32), torch.zeros(32)])
    request = Fit(
        train=(Shift(),), items=given, objective=far, options={"goal": goals}, recipe=Recipe(lr=0.05, steps=60)
    )
    (result,) = fit(backbone(), [request], [Key()])
    found = result.users["ann"].edits[0].rows["shift"]
    torch.testing.assert_close(found, torch.full((32,), 0.5), atol=0.05, rtol=0)
