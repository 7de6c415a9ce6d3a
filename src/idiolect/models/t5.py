"""Encoder-decoders of the T5 family: `Ask` and `Score`, through context, passages and combines; nothing is trained.

A stream's passages are encoded apart, each before the prompt, and attended to together (fusion in the decoder: Izacard
and Grave, EACL 2021). Cross-attention knows no places, so that their order changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from idiolect.core.errors import AccessError
from idiolect.core.idiolect import Stream
from idiolect.core.layout import section
from idiolect.core.method import Access
from idiolect.core.model import check
from idiolect.core.requests import Key, Request, Score
from idiolect.forward.attach import pad_stack
from idiolect.forward.feed import Backbone
from idiolect.generation import score
from idiolect.generation.decode import log_probs
from idiolect.generation.engine import Engine
from idiolect.generation.lane import Lane, Line
from idiolect.models.hf import HFModel

FAMILY = ("t5", "mt5", "umt5")  # relative positions: a padded batch changes nothing, left or right
# What these models were trained on: bare text, a line a message, closed by the end token.
TEMPLATE = (
    "{{ messages | map(attribute='content') | join('\\n') }}{% if add_generation_prompt %}{{ eos_token }}{% endif %}"
)


@dataclass(eq=False)
class T5Model(HFModel):
    """As `HFModel`, but it gives no more than logits: an encoder-decoder has no place for what methods edit."""

    access: Access = Access.LOGITS

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.tokenizer.chat_template:
            self.tokenizer.chat_template = TEMPLATE

    @cached_property
    def engine(self) -> Engine:
        return Engine(self.models, lane=Decoding)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        """Texts for `Ask`, log-probabilities for `Score`.

        Raises:
            AccessError: a request needs more than logits: `Read`, `Fit`, an edit, a prefix or a past.
            BadInput: a query that does not fit, or an Idiolect that cannot run.
            UnknownName: a stream names another model.
        """
        for request, key in zip(requests, keys, strict=True):
            check(request, self, key.method or "a request")
        if requests and isinstance(requests[0], Score):
            return list(score.score(self.models, [r for r in requests if isinstance(r, Score)], through=tables))
        return super().answer(requests, keys)


@dataclass(eq=False)
class Decoding(Lane):
    """states: (n, d) of each line's prompt, from the encoder. written: what the decoder has read of each line, the
    start token first. When lines come or go, the decoder reads anew what is written: answers are short."""

    states: list[Tensor] = field(default_factory=list)
    written: list[list[int]] = field(default_factory=list)
    batch: tuple[Tensor, Tensor, Tensor] | None = None  # states (S, N, d), their mask (S, N), the decoder's (S, T)
    cache: Any = None

    def join(self, lines: Sequence[Line]) -> None:
        """Encode the prompts of new lines in one call.

        Raises:
            AccessError: a line brings an edit, a prefix or a past.
        """
        if any(x.stream.edits or x.stream.prefix is not None or x.stream.past is not None for x in lines):
            raise AccessError("an encoder-decoder takes no edits, prefixes or pasts: use a decoder-only model")
        module = self.backbone.module
        self.states += encoded(self.backbone, [(x.prompt, x.stream) for x in lines])
        self.written += [[module.config.decoder_start_token_id, *x.written] for x in lines]
        self.lines, self.batch = [*self.lines, *lines], None
        self._read()

    def keep(self, rows: set[int]) -> None:
        """Leave out the lines of all other rows."""
        index = [i for i, x in enumerate(self.lines) if x.row in rows]
        if len(index) < len(self.lines):
            self.lines, self.states = [self.lines[i] for i in index], [self.states[i] for i in index]
            self.written, self.logits = [self.written[i] for i in index], self.logits[index]
            self.batch = None

    def step(self, tokens: Mapping[int, int]) -> None:
        """One token more for each row; a row without one is fed anything."""
        for x, ids in zip(self.lines, self.written, strict=True):
            ids.append(tokens.get(x.row, 0))
        if self.lines:
            self._read()

    def _read(self) -> None:
        device, cache, new = self.backbone.device, None, self.written
        if self.batch is None:
            ones = [torch.ones(len(s), dtype=torch.long, device=device) for s in self.states]
            longest = max(len(ids) for ids in self.written)
            new = [[0] * (longest - len(ids)) + ids for ids in self.written]
            known = [[0] * (longest - len(ids)) + [1] * len(ids) for ids in self.written]
            self.batch = pad_stack(self.states), pad_stack(ones), torch.tensor(known, device=device)
        else:
            states, mask, seen = self.batch
            self.batch = states, mask, torch.cat([seen, torch.ones_like(seen[:, :1])], 1)
            cache, new = self.cache, [ids[-1:] for ids in self.written]
        states, mask, valid = self.batch
        out = self.backbone.module(
            encoder_outputs=(states,),
            attention_mask=mask,
            decoder_input_ids=torch.tensor(new, device=device),
            decoder_attention_mask=valid,
            past_key_values=cache,
            use_cache=True,
        )
        self.cache, self.logits = out.past_key_values, out.logits[:, -1]


def tables(models: Mapping[str, Backbone], asked: Sequence[score.Given]) -> tuple[score.Tables, score.States]:
    """(T, V) log-probabilities where each answer's tokens are predicted, by (answer, stream): one call."""
    backbone = models["base"]
    places = [(i, k) for i, g in enumerate(asked) for k in range(len(g.rows))]
    rows = [asked[i].rows[k] for i, k in places]
    states = encoded(backbone, [(r.prompt, r.stream) for r in rows])
    mask = pad_stack([torch.ones(len(s), dtype=torch.long, device=backbone.device) for s in states])
    start = backbone.module.config.decoder_start_token_id
    given, _ = _padded([[start, *r.answer[:-1]] for r in rows], backbone.device)
    module = backbone.module
    logits = module(encoder_outputs=(pad_stack(states),), attention_mask=mask, decoder_input_ids=given).logits
    found = {place: log_probs(x[: len(r.answer)]) for place, x, r in zip(places, logits, rows, strict=True)}
    return found, {place: {} for place in places}


def encoded(backbone: Backbone, prompts: Sequence[tuple[list[int], Stream]]) -> list[Tensor]:
    """(n, d) of each prompt: its encoding, or those of each passage before it one after another; one call for all."""
    parts = [_parts(backbone.tokenizer, ids, stream) for ids, stream in prompts]
    flat = [ids for some in parts for ids in some]
    ids, mask = _padded(flat, backbone.device)
    found = backbone.module.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    cut = iter(s[: len(x)] for s, x in zip(found, flat, strict=True))
    return [torch.cat([next(cut) for _ in some]) for some in parts]


def _parts(tokenizer: Any, prompt: list[int], stream: Stream) -> list[list[int]]:
    texts = [section(b.heading, b.lines) for b in stream.passages]
    heads = [list(tokenizer(f"{text}\n", add_special_tokens=False)["input_ids"]) for text in texts if text]
    return [head + prompt for head in heads] or [prompt]


def _padded(sequences: Sequence[Sequence[int]], device: torch.device) -> tuple[Tensor, Tensor]:
    """Ids (B, T), padded at the end, and their mask."""
    longest = max(len(s) for s in sequences)
    ids = torch.tensor([[*s, *[0] * (longest - len(s))] for s in sequences], device=device)
    mask = torch.tensor([[1] * len(s) + [0] * (longest - len(s)) for s in sequences], device=device)
    return ids, mask
