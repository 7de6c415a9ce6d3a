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


def predictions(model: Model, judgements: Judgements, method: Any = None, *, seed: int = 0) -> list[str]:
    """A label for every judgement that is asked; without a method, MiniLM's own."""
    asked = judgements.asked
    queries = [ask(judgements.task, j.text) for j in asked]
    if method is None:
        return _labels(model, [Ask(query=q) for q in queries])
    store = judgements.store()
    known = {u: view(store, u, purpose="train") for u in store.users()}
    name = type(method).__module__.rpartition(".")[2]
    theta, owns = _met(model, method, judgements, known, Key(seed=seed, method=name))
    found = []
    for start in range(0, len(asked), TOGETHER):
        part = list(zip(asked[start : start + TOGETHER], queries[start : start + TOGETHER], strict=True))
        flows = {
            Key(seed=seed, method=name, user=f"{j.annotator}/{j.item}"): flow(
                method.condition(known.get(j.annotator, UserData(j.annotator)), q, theta, owns.get(j.annotator))
            )
            for j, q in part
        }
        made = run_many(flows, {"base": model})
        asks = [Ask(query=q, idiolect=i) for (_, q), i in zip(part, made.values(), strict=True)]
        found += _labels(model, asks)
    return found


def built(name: str, options: Mapping[str, Any], task: str, *, cousin: bool = False) -> Any:
    """A method with its settings for this model, or its cousin that knows no readers."""
    more = registry.card(name).cousin_options if cousin else {}
    return registry.build(name, {**options, **more, "tasks": [task]})


def _met(
    model: Model, method: Any, judgements: Judgements, known: Mapping[str, UserData], key: Key
) -> tuple[Any, dict[str, Any]]:
    """theta, and the own of every reader of whom something is known."""
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
    return learnt.theta, owns


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
