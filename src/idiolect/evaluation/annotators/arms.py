"""MiniLM over labels, and methods on it.

The lower layers are frozen and run once a text; the open layers see spans of tokens. Methods learn from warm readers,
and meet cold ones with their ten judgements; what knows readers through `learn` alone learns from both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from idiolect import registry
from idiolect.core.idiolect import Stream
from idiolect.core.layout import ask
from idiolect.core.method import Learnt, flow
from idiolect.core.model import Model
from idiolect.core.requests import Ask, Key
from idiolect.core.types import Query, UserData
from idiolect.evaluation.annotators.judgements import LABELS, Judgements
from idiolect.forward.prompt import prompt_ids
from idiolect.generation.drive import run, run_many
from idiolect.governance.view import view
from idiolect.models.encoder import EncoderModel

TOGETHER = 64  # readers who adapt, and answers that are given, at once


@dataclass(frozen=True, kw_only=True)
class Setting:
    """Open `layers`, `tokens` read, `span` of them averaged; `decay` of the last layer, divided by the judgements."""

    layers: int = 1
    tokens: int = 160
    span: int = 8
    decay: float = 150.0


def opened(judgements: Judgements, setting: Setting, cache: Path) -> EncoderModel:
    """The encoder, taught by everybody's judgements without saying whose. `cache`: where states from below are kept."""
    model = EncoderModel.minilm(LABELS, layers=setting.layers, tokens=setting.tokens, span=setting.span)
    texts = sorted({j.text for j in (*judgements.learnt, *judgements.asked)})
    _remember(model, [ask(judgements.task, t) for t in texts], cache)
    queries = [ask(judgements.task, j.text) for j in judgements.learnt]
    model.teach(queries, [LABELS[j.label] for j in judgements.learnt], decay=setting.decay / len(queries))
    return model


@dataclass(frozen=True, kw_only=True)
class Met:
    """A method that has learnt: its theta, and by reader what is known of him and what is his own."""

    method: Any
    key: Key
    theta: Any
    known: Mapping[str, UserData]
    owns: Mapping[str, Any]


def meet(model: Model, judgements: Judgements, method: Any, *, seed: int = 0) -> Met:
    """Lets a method learn, and adapt to every reader of whom something is known."""
    store = judgements.store()
    known = {u: view(store, u, purpose="train") for u in store.users()}
    key = Key(seed=seed, method=type(method).__module__.rpartition(".")[2])
    through = method.card.through == "learn"
    learners = [data for u, data in known.items() if through or u not in judgements.cold]
    learnt: Learnt[Any, Any] = run(flow(method.learn(learners)), {"base": model}, key)
    owns = dict(learnt.owns)
    new = [] if through else [u for u in known if u not in owns]
    for start in range(0, len(new), TOGETHER):
        flows = {
            Key(seed=key.seed, method=key.method, user=u): flow(method.adapt(known[u], learnt.theta))
            for u in new[start : start + TOGETHER]
        }
        owns |= {k.user: own for k, own in run_many(flows, {"base": model}).items()}
    return Met(method=method, key=key, theta=learnt.theta, known=known, owns=owns)


def predictions(
    model: Model, judgements: Judgements, met: Met | None = None, whose: Mapping[str, str] | None = None
) -> list[str]:
    """A label for every judgement that is asked; without a method, MiniLM's own.

    Args:
        whose: by reader, under whose data he is answered for; left out: his own.
    """
    asked = judgements.asked
    queries = [ask(judgements.task, j.text) for j in asked]
    if met is None:
        return _labels(model, [Ask(query=q) for q in queries])
    found = []
    for start in range(0, len(asked), TOGETHER):
        part = list(zip(asked[start : start + TOGETHER], queries[start : start + TOGETHER], strict=True))
        flows = {}
        for j, q in part:
            user = (whose or {}).get(j.annotator, j.annotator)
            made = met.method.condition(met.known.get(user, UserData(user)), q, met.theta, met.owns.get(user))
            flows[Key(seed=met.key.seed, method=met.key.method, user=f"{j.annotator}/{j.item}")] = flow(made)
        edits = run_many(flows, {"base": model})
        found += _labels(model, [Ask(query=q, idiolect=i) for (_, q), i in zip(part, edits.values(), strict=True)])
    return found


def built(name: str, options: Mapping[str, Any], task: str, *, cousin: bool = False) -> Any:
    """A method with its settings for this model, or its cousin that knows no readers."""
    more = registry.card(name).cousin_options if cousin else {}
    return registry.build(name, {**options, **more, "tasks": [task]})


def _labels(model: Model, asks: Sequence[Ask]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(asks), TOGETHER):
        part = asks[start : start + TOGETHER]
        found += [texts[0] for texts in model.answer(part, [Key()] * len(part))]
    return found


def _remember(model: EncoderModel, queries: Sequence[Query], cache: Path) -> None:
    """Fills what is known of texts from a file, or writes that file."""
    lower = model.module.lower
    texts = [tuple(prompt_ids(model.tokenizer, q, Stream())) for q in queries]
    if cache.is_file():
        kept = load_file(cache)
        parts = torch.split(kept["states"], kept["lengths"].tolist())
        if [len(t) for t in texts] == kept["lengths"].tolist():
            lower.known |= dict(zip(texts, parts, strict=True))
            return
    lower.remember(texts)
    states = [lower.known[t] for t in texts]
    cache.parent.mkdir(parents=True, exist_ok=True)
    save_file({"states": torch.cat(states), "lengths": torch.tensor([len(s) for s in states])}, cache)
