"""Tokens, prefixes and pasts of unequal length as one left-padded batch, and the one call that runs it.

Padding changes nothing: attention is masked, positions are counted over what is valid, and short convolutions (LFM2)
find at the padded places just before a row's first token what the row has really read there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Computed, Past, Stream
from idiolect.forward.attach import At, Placed, attached, pad_stack, place, recorded
from idiolect.forward.fits import edits_fit, states_fit
from idiolect.forward.memory import Convolved, Growing, Memory
from idiolect.forward.sites import block_list


class Backbone(Protocol):
    """A model as this layer sees it; `width` is d."""

    @property
    def module(self) -> Any: ...
    @property
    def tokenizer(self) -> Any: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def width(self) -> int: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Feed:
    """What goes in: ids (B, T), or embeds (B, T, d) where a row has a prefix; valid and answer as in `At`."""

    ids: Tensor
    valid: Tensor
    answer: Tensor
    embeds: Tensor | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Ran:
    """What came out: logits (B, keep, V) of the last positions; hidden: by path, (B, T, d); `at` of the call."""

    logits: Tensor
    hidden: dict[str, Tensor]
    at: At


def feed(
    backbone: Backbone, sequences: Sequence[Sequence[int]], answers: Sequence[int], prefixes: Sequence[Tensor | None]
) -> Feed:
    """A padded batch.

    Args:
        sequences: B lists of ids, each with one at least.
        answers: how many of each row's last positions predict a token of its answer.
        prefixes: (P, d) each or None, put after the sequence's first token if that is the model's BOS, else in front.
    """
    lengths = [len(s) + (0 if p is None else len(p)) for s, p in zip(sequences, prefixes, strict=True)]
    longest = max(lengths)
    columns = torch.arange(longest)
    valid = columns >= longest - torch.tensor(lengths)[:, None]
    answer = columns >= longest - torch.tensor(list(answers))[:, None]
    ids = torch.tensor([[0] * (longest - len(s)) + list(s) for s in sequences])
    embeds = None
    if any(p is not None for p in prefixes):
        rows = [_embedded(backbone, s, p) for s, p in zip(sequences, prefixes, strict=True)]
        embeds = torch.stack([pad(r, (0, 0, longest - len(r), 0)) for r in rows])
    device = backbone.device
    return Feed(ids=ids.to(device), valid=valid.to(device), answer=answer.to(device), embeds=embeds)


def run(
    backbone: Backbone,
    given: Feed,
    placed: Sequence[Placed],
    memory: Memory | None = None,
    *,
    keep: int = 1,
    training: bool = False,
    sites: Sequence[str] = (),
) -> Ran:
    """One call of the model; `memory` is read and extended in place.

    Args:
        keep: of how many last positions the logits are wanted.
        sites: module paths whose output is wanted, edits included.
    """
    module = backbone.module
    start = memory.position[:, None] if memory else 0
    positions = (given.valid.long().cumsum(1) - 1 + start).clamp(min=0)
    at = At(positions=positions, valid=given.valid, answer=given.answer, training=training)
    mask = torch.cat([memory.valid, given.valid], 1) if memory else given.valid
    source = {"input_ids": given.ids} if given.embeds is None else {"inputs_embeds": given.embeds}
    with attached(module, placed, at), _aligned(module, given.valid, memory), recorded(module, sites) as hidden:
        out = module(
            **source,
            attention_mask=mask.long(),
            position_ids=positions,
            past_key_values=memory.cache if memory else None,
            use_cache=memory is not None,
            logits_to_keep=keep,
        )
    if memory:
        memory.valid, memory.position = mask, memory.position + given.valid.sum(1)
    return Ran(logits=out.logits, hidden=dict(hidden), at=at)


def prefix_of(backbone: Backbone, streams: Sequence[Stream], *, training: bool = False) -> list[Tensor | None]:
    """Each stream's prefix (P, d), computed where a formula gives it: one call for each formula."""
    out: list[Tensor | None] = [None] * len(streams)
    for row, s in enumerate(streams):
        if isinstance(s.prefix, Tensor):
            out[row] = place(s.prefix, backbone.device, backbone.module.dtype)
    computed = {row: s.prefix for row, s in enumerate(streams) if isinstance(s.prefix, Computed)}
    for rows, result in _computed(backbone, computed, training):
        for row, prefix in zip(rows, result, strict=True):
            out[row] = prefix
    return out


def past_of(backbone: Backbone, streams: Sequence[Stream], *, training: bool = False) -> list[Past | None]:
    """Each stream's past, computed where a formula gives it: one call for each formula."""
    out = [s.past for s in streams]
    computed = {row: p.computed for row, p in enumerate(out) if p and p.computed}
    for rows, layers in _computed(backbone, computed, training):
        for i, row in enumerate(rows):
            keys = {k: kv[0][i] for k, kv in layers.items()}
            values = {k: kv[1][i] for k, kv in layers.items()}
            length = (out[row] or Past()).length or next(iter(keys.values())).shape[1]
            out[row] = replace(out[row] or Past(), keys=keys, values=values, length=length, computed=None)
    return out


def resolved(backbone: Backbone, stream: Stream) -> Stream:
    """The stream with its prefix and past as tensors.

    Raises:
        BadInput: it brings passages, which a decoder-only model cannot read apart (an encoder-decoder can), or an
            edit, a prefix or a past of another model.
        UnknownName: an edit's site that this model does not have.
    """
    if stream.passages and not getattr(backbone.module.config, "is_encoder_decoder", False):
        fix = "Put them into Stream.context."
        raise BadInput("Stream.passages", "a decoder reads one text, not passages encoded apart", fix)
    edits_fit(backbone.module, stream.edits)
    if stream.prefix is None and stream.past is None:
        return stream
    (prefix,), (past,) = prefix_of(backbone, [stream]), past_of(backbone, [stream])
    states_fit(backbone.module, prefix, past)
    return replace(stream, prefix=prefix, past=past)


def before(stream: Stream) -> int:
    """Positions that a resolved stream takes up in front of its prompt."""
    prefix = len(stream.prefix) if isinstance(stream.prefix, Tensor) else 0
    return prefix + (stream.past.length if stream.past else 0)


def room(backbone: Backbone, stream: Stream, answer: int) -> int | None:
    """Tokens that a prompt may have under a resolved stream and before `answer` more; None: as many as one likes.

    Raises:
        BadInput: there is no room for a single one.
    """
    context = getattr(backbone.module.config, "max_position_embeddings", None)
    if not context:
        return None
    left = int(context) - before(stream) - answer
    if left < 1:
        what = f"prefix, past and answer take {context - left} of the model's {context} tokens"
        raise BadInput("query", what, "Ask for fewer tokens, or bring a shorter prefix or past.")
    return left


def joined(own: Tensor | None, extra: Tensor | None) -> Tensor | None:
    """A stream's own prefix and then another, (P, d) each."""
    if own is None or extra is None:
        return own if extra is None else extra
    return torch.cat([own, extra.to(own.dtype)])


def _computed(backbone: Backbone, wanted: dict[int, Computed], training: bool) -> Iterator[tuple[list[int], Any]]:
    groups: dict[tuple[Any, ...], list[int]] = {}
    for row, c in wanted.items():
        shapes = tuple((k, tuple(torch.as_tensor(t).shape)) for k, t in c.rows.items())
        key = (c.formula, tuple((k, id(t)) for k, t in c.shared.items()), shapes)
        groups.setdefault(key, []).append(row)
    device, dtype = backbone.device, backbone.module.dtype
    for rows in groups.values():
        first = wanted[rows[0]]
        tensors = {k: place(t, device, dtype) for k, t in first.shared.items()}
        tensors |= {k: pad_stack([place(wanted[r].rows[k], device, dtype) for r in rows]) for k in first.rows}
        nowhere = torch.zeros(len(rows), 0, dtype=torch.long, device=device)
        at = At(positions=nowhere, valid=nowhere.bool(), answer=nowhere.bool(), training=training)
        yield rows, first.formula(tensors, at)


def _embedded(backbone: Backbone, sequence: Sequence[int], prefix: Tensor | None) -> Tensor:
    words: Tensor = backbone.module.get_input_embeddings()(torch.tensor(list(sequence), device=backbone.device))
    if prefix is None:
        return words
    first = 1 if sequence[0] == backbone.tokenizer.bos_token_id else 0
    return torch.cat([words[:first], prefix.to(words.dtype), words[first:]])


@contextmanager
def _aligned(module: Any, valid: Tensor, memory: Memory | None) -> Iterator[None]:
    """Puts what a row read last just before its first token, where padding stands between them.

    A short convolution multiplies two thirds of what `in_proj` returns, B * x, and convolves that. At padded places
    B is set to what is to be found there (a state, or zero) and x to one.
    """
    kinds = getattr(module.config, "layer_types", None) or []
    if "conv" not in kinds or bool(valid.all()):
        yield
        return
    _, blocks = block_list(module)
    with ExitStack() as hooks:
        for i in (i for i, kind in enumerate(kinds) if kind == "conv"):
            found = _before(memory.layers[i], valid) if memory else None

            def fill(_: Any, __: Any, out: Tensor, found: Tensor | None = found) -> Tensor:
                b, c, x = out.chunk(3, -1)
                there = valid[..., None]
                return torch.cat([b.where(there, 0.0 if found is None else found), c, x.where(there, 1.0)], -1)

            hooks.callback(blocks[i].get_submodule("conv.in_proj").register_forward_hook(fill).remove)
        yield


def _before(layer: Growing | Convolved, valid: Tensor) -> Tensor:
    """(B, T, d) with each row's state shifted right through its padding; the layer keeps what is left of it."""
    assert isinstance(layer, Convolved)
    batch, d, kernel = layer.state.shape
    steps = (~valid).sum(1)[:, None, None] + torch.arange(kernel, device=valid.device)
    line = layer.state.new_zeros(batch, d, kernel + valid.shape[1])
    line = line.scatter(2, steps.expand(batch, d, kernel), layer.state)
    layer.conv_states[0] = line[:, :, :kernel].clone()
    return line[:, :, kernel:].transpose(1, 2)
