"""Given answers: their log-probabilities under any Idiolect, and what the model makes of a text inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, TypeAlias

import torch
from torch import Tensor

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.idiolect import Combine, Idiolect, Past, Stream
from idiolect.core.requests import Read, Score, Scored
from idiolect.core.types import Query
from idiolect.forward.feed import Backbone, resolved, room
from idiolect.forward.prompt import answer_ids, prompt_ids
from idiolect.forward.rows import Outputs, Row, forward
from idiolect.forward.sites import resolve
from idiolect.forward.slots import Slots
from idiolect.generation.decode import Step, combined, kind, log_probs
from idiolect.generation.forced import forced

TOKENS = 16384  # padded tokens in one call
Tables: TypeAlias = dict[tuple[int, int], Tensor]  # (answer, stream) -> (T, V) log-probabilities
States: TypeAlias = dict[tuple[int, int], dict[str, Tensor]]  # (answer, stream) -> by site, (T, d)


@dataclass(frozen=True, eq=False)
class Given:
    """One answer under one Idiolect: a row for each stream, with the model that it goes through."""

    rows: tuple[Row, ...]
    models: tuple[str, ...]
    combine: Combine | None

    @property
    def size(self) -> int:
        """Tokens of the longest row."""
        return max(len(r.prompt) + len(r.answer) for r in self.rows)


Through: TypeAlias = Callable[[Mapping[str, Backbone], Sequence[Given]], tuple[Tables, States]]


def tables(models: Mapping[str, Backbone], asked: Sequence[Given]) -> tuple[Tables, States]:
    """What each stream makes of each answer, and the states that combines read: one call a model."""
    found: Tables = {}
    hidden: States = {}
    for model in {m for g in asked for m in g.models}:
        place = [(i, k) for i, g in enumerate(asked) for k, m in enumerate(g.models) if m == model]
        combines = [c for i, _ in place if (c := asked[i].combine)]
        reads = sorted({site for c in combines for site in c.reads})
        paths = {site: resolve(models[model].module, site)[0].path for site in reads}
        beside = [{other: n for n, (j, other) in enumerate(place) if j == i} for i, _ in place]
        rows = [asked[i].rows[k] for i, k in place]
        out = forward(models[model], rows, sites=list(paths.values()), partners=beside)
        parts = torch.split(log_probs(out.logits), [len(r.answer) for r in rows])
        for n, (where, table) in enumerate(zip(place, parts, strict=True)):
            found[where] = table
            hidden[where] = {site: _answer_states(out, path, n) for site, path in paths.items()}
    return found, hidden


@torch.no_grad()
def score(
    models: Mapping[str, Backbone], requests: Sequence[Score], *, through: Through = tables
) -> list[tuple[Scored, ...]]:
    """Log-probabilities of the items' answers, many users at once; "base" tokenises. through: what calls the models.

    Raises:
        BadInput: several streams without a combine.
    """
    items = [item for r in requests for item in r.items]
    answers = [(i, text) for i in items for text in (i.answer, *([i.rejected] if i.rejected else []))]
    asked = [_given(models, item.query, item.idiolect, text) for item, text in answers]
    ahead = {i: g.combine for i, g in enumerate(asked) if g.combine and g.combine.lookahead}
    found = {i: forced(models, asked[i].models, asked[i].rows, c) for i, c in ahead.items()}
    at_once = [i for i in range(len(asked)) if i not in ahead]
    for part in batches([asked[i].size for i in at_once], [len(asked[i].rows) for i in at_once]):
        scores = _scores(models, [asked[at_once[i]] for i in part], through)
        found |= dict(zip([at_once[i] for i in part], scores, strict=True))
    ordered = iter(found[i] for i in range(len(asked)))
    scored = [Scored(log_probs=next(ordered), rejected=next(ordered) if i.rejected else None) for i in items]
    ends = list(accumulate(len(r.items) for r in requests))
    return [tuple(scored[end - len(r.items) : end]) for end, r in zip(ends, requests, strict=True)]


@torch.no_grad()
def read(backbone: Backbone, requests: Sequence[Read]) -> list[tuple[dict[str, Any], ...]]:
    """Hidden states, keys and values of the items' texts, each through the first stream of its Idiolect.

    The text is the prompt and the answer's tokens, without the end token where there is an answer; "answer" are the
    answer's own tokens (the prompt's last one where it is empty).
    """
    together: dict[Any, list[int]] = {}
    for i, r in enumerate(requests):
        together.setdefault((tuple(r.sites), r.past), []).append(i)
    found: dict[int, tuple[dict[str, Any], ...]] = {}
    for members in together.values():
        found |= zip(members, _read(backbone, [requests[i] for i in members]), strict=True)
    return [found[i] for i in range(len(requests))]


def batches(sizes: Sequence[int], rows: Sequence[int]) -> Iterator[list[int]]:
    """Places of items in parts of like length, each of at most `TOKENS` padded tokens or one item."""
    part: list[int] = []
    count = 0
    for i in sorted(range(len(sizes)), key=lambda i: -sizes[i]):
        if part and (count + rows[i]) * sizes[part[0]] > TOKENS:
            yield part
            part, count = [], 0
        part.append(i)
        count += rows[i]
    if part:
        yield part


def _given(models: Mapping[str, Backbone], query: Query, idiolect: Idiolect, text: str) -> Given:
    streams, combine = idiolect.streams, idiolect.combine
    if combine is None and len(streams) > 1:
        raise BadInput("Score", f"{len(streams)} streams and no combine", "Give the Idiolect a Combine.")
    for s in streams:
        if s.model not in models:
            raise UnknownName("model", s.model, models)
    tokenizer = models[streams[0].model].tokenizer
    answer = answer_ids(tokenizer, text)
    rows = tuple(_row(models[s.model], query, answer, s) for s in streams)
    return Given(rows, tuple(s.model for s in streams), combine)


def _row(backbone: Backbone, query: Query, answer: list[int], stream: Stream) -> Row:
    stream = resolved(backbone, stream)
    prompt = prompt_ids(backbone.tokenizer, query, stream, room(backbone, stream, len(answer)))
    return Row(prompt=prompt, answer=answer, stream=stream)


def _scores(models: Mapping[str, Backbone], asked: Sequence[Given], through: Through) -> list[Tensor]:
    """(T,) for each answer."""
    mixed = _mixed(asked, *through(models, asked))
    targets = [torch.tensor(g.rows[0].answer, device=m.device) for g, m in zip(asked, mixed, strict=True)]
    return [m.gather(1, t[:, None])[:, 0] for m, t in zip(mixed, targets, strict=True)]


def _answer_states(out: Outputs, path: str, row: int) -> Tensor:
    """(T, d) where the row's answer tokens are predicted."""
    return out.hidden[path][row][out.at.answer[row]]


def _mixed(asked: Sequence[Given], tables: Tables, hidden: States) -> list[Tensor]:
    """(T, V) for each answer: one call for each formula and number of streams, over all answer tokens at once."""
    out = [tables[i, 0] for i in range(len(asked))]
    groups: dict[Any, list[int]] = {}
    for i, g in enumerate(asked):
        if g.combine:
            groups.setdefault(kind(g.combine, len(g.rows), None), []).append(i)
    for members in groups.values():
        each = [torch.stack([tables[i, k] for k in range(len(asked[i].rows))], 1) for i in members]  # (T, K, V)
        inner = [
            {site: torch.stack([hidden[i, k][site] for k in range(len(asked[i].rows))], 1) for site in hidden[i, 0]}
            for i in members
        ]
        combines = [c for i in members if (c := asked[i].combine)]
        lengths = [len(e) for e in each]
        step = Step(log_probs=torch.cat(each), hidden={s: torch.cat([h[s] for h in inner]) for s in inner[0]})
        mixed, state = combined([c for c, n in zip(combines, lengths, strict=True) for _ in range(n)], step)
        parts = list(torch.split(mixed, lengths))
        if state is not None:  # the formula remembers: token after token
            parts = [_one_by_one(c, e, h) for c, e, h in zip(combines, each, inner, strict=True)]
        for i, part in zip(members, parts, strict=True):
            out[i] = part
    return out


def _one_by_one(combine: Combine, each: Tensor, hidden: Mapping[str, Tensor]) -> Tensor:
    state, out = None, []
    for t in range(len(each)):
        now = {site: h[t : t + 1] for site, h in hidden.items()}
        mixed, states = combined([combine], Step(log_probs=each[t : t + 1], state=state, hidden=now))
        state = {k: v[None] for k, v in states[0].items()} if states else None
        out.append(mixed)
    return torch.cat(out)


def _read(backbone: Backbone, requests: Sequence[Read]) -> Iterator[tuple[dict[str, Any], ...]]:
    """Requests for the same sites, all their texts in few calls."""
    first, texts = requests[0], [(r, i) for r in requests for i in r.items]
    paths = [resolve(backbone.module, site)[0].path for site in first.sites]  # what an `Edit` can name as its site
    rows = [_row(backbone, i.query, answer_ids(backbone.tokenizer, i.answer), i.idiolect.streams[0]) for _, i in texts]
    found: dict[int, dict[str, Any]] = {}
    slots = Slots(backbone.device, backbone.module.dtype)
    for part in batches([len(r.prompt) + len(r.answer) for r in rows], [1] * len(rows)):
        out = forward(backbone, [rows[i] for i in part], sites=paths, stack=slots, remember=first.past)
        for n, i in enumerate(part):
            request = texts[i][0]
            keep = _over(out, n, len(rows[i].answer) - 1, request.over)
            states: dict[str, Any] = {p: _reduced(out.hidden[p][n][keep], request.reduce) for p in paths}
            found[i] = states | ({"past": _past(out, n)} if first.past else {})
    ordered = iter(found[i] for i in range(len(texts)))
    return (tuple(next(ordered) for _ in r.items) for r in requests)


def _over(out: Outputs, row: int, answer: int, over: str) -> Tensor:
    """(T,) bool: the last `answer` positions are the answer's own tokens."""
    valid = out.at.valid[row].clone()
    own = torch.arange(len(valid), device=valid.device) >= len(valid) - max(answer, 1)
    if over == "all":
        return valid
    return valid & own if over == "answer" else valid & ~(own if answer else torch.zeros_like(own))


def _reduced(states: Tensor, reduce: str) -> Tensor:
    if reduce == "none":
        return states
    return states.mean(0) if reduce == "mean" else states[-1]


def _past(out: Outputs, row: int) -> Past:
    assert out.memory is not None
    return out.memory.past(row)
