"""Bundles through the model: rows of all streams in one pass, then one distribution for each answer token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from idiolect.core.errors import CompositionError
from idiolect.core.idiolect import Combine
from idiolect.forward.attach import pad_stack, place
from idiolect.forward.feed import Backbone
from idiolect.forward.rows import Outputs, forward
from idiolect.training.examples import Bundle
from idiolect.training.objectives import Answers
from idiolect.training.slots import Extra

PASS = 256  # padded tokens that take about as long as one more pass does


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """What a combine's formula sees when answers are given: every answer token is a row of log_probs (n, K, V)."""

    log_probs: Tensor
    state: None = None


def alike(lengths: Sequence[int]) -> list[list[int]]:
    """Places of rows in parts of like length, where the padding that is left out is worth the passes."""

    def parts(order: list[int]) -> list[list[int]]:
        longest = lengths[order[0]]
        saved, cut = max(((longest - lengths[i]) * (len(order) - k), k) for k, i in enumerate(order))
        return [*parts(order[:cut]), *parts(order[cut:])] if saved > PASS else [order]

    by_length = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    return [sorted(part) for part in parts(by_length)] if by_length else []


def read(backbone: Backbone, bundles: Sequence[Bundle], extra: Extra | None = None) -> Answers:
    """The model's word on B answers, under the trained parts where `extra` gives them for every row."""
    rows = [row for b in bundles for row in b.rows]
    if not rows:  # items without a stream train a module of the method's own
        nothing = torch.zeros(0, dtype=torch.long, device=backbone.device)
        return Answers(torch.zeros(0, 1, device=backbone.device), nothing, nothing, len(bundles))
    ends = list(accumulate(len(b.rows) for b in bundles))
    beside = [range(end - len(b.rows), end) for b, end in zip(bundles, ends, strict=True) for _ in b.rows]
    if extra and extra.pasts:
        rows = [replace(r, stream=replace(r.stream, past=p)) for r, p in zip(rows, extra.pasts, strict=True)]
    out = forward(
        backbone,
        rows,
        placed_extra=extra.placed if extra else (),
        prefix_extra=extra.prefix if extra else None,
        training=extra is not None,
        partners=beside,
    )
    logits = out.logits.to(torch.promote_types(out.logits.dtype, torch.float32))
    if all(len(b.rows) == 1 and b.combine is None for b in bundles):
        return Answers(logits, out.row, out.target, len(bundles))
    return _combined(logits, out, bundles)


def _combined(logits: Tensor, out: Outputs, bundles: Sequence[Bundle]) -> Answers:
    """One call for each formula and number of streams; the answers stand in the bundles' order."""
    counts = torch.bincount(out.row, minlength=out.batch).tolist()
    first = [0, *accumulate(counts)]
    if any(b.combine and (b.combine.reads or b.combine.lookahead) for b in bundles):
        raise CompositionError("a combine that reads hidden states or looks ahead cannot be trained through")
    groups: dict[tuple[Any, int], list[int]] = {}
    spans: list[Tensor] = []  # a bundle's (T, K): where each stream's logits of each answer token lie
    row = 0
    for i, b in enumerate(bundles):
        streams = range(row, row + len(b.rows))
        spans.append(torch.stack([torch.arange(first[r], first[r] + counts[r]) for r in streams], 1))
        groups.setdefault((b.combine.formula if b.combine else None, len(b.rows)), []).append(i)
        row = streams.stop
    parts: list[Tensor] = [logits] * len(bundles)
    for (formula, _), members in groups.items():
        lengths = [len(spans[i]) for i in members]
        each = logits[torch.cat([spans[i] for i in members])].log_softmax(-1)
        joined = _joined(formula, each, [bundles[i].combine for i in members], lengths)
        for i, part in zip(members, torch.split(joined, lengths), strict=True):
            parts[i] = part
    answer = torch.tensor([i for i, span in enumerate(spans) for _ in span], device=logits.device)
    target = out.target[torch.cat([span[:, 0] for span in spans])]
    return Answers(torch.cat(parts), answer, target, len(bundles))


def _joined(formula: Any, each: Tensor, combines: Sequence[Combine | None], lengths: Sequence[int]) -> Tensor:
    """(n, K, V) -> (n, V) by one formula, whose per-row numbers are repeated over their answer's tokens."""
    if formula is None:
        if each.shape[1] > 1:
            raise CompositionError(f"{each.shape[1]} streams and no combine: say how they make one distribution")
        return each[:, 0]
    repeats = torch.tensor(lengths, device=each.device)
    rows = {}
    for name in combines[0].rows if combines[0] else ():
        values = pad_stack([place(c.rows[name], each.device, each.dtype) for c in combines if c])
        rows[name] = values.repeat_interleave(repeats, 0)
    result = formula(Step(log_probs=each), rows)
    made: Tensor = result[0] if isinstance(result, tuple) else result
    return made
