"""A teacher-forced pass over single-stream rows: logits only where answers are predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from idiolect.core.idiolect import Stream
from idiolect.forward.attach import At, Beside, Placed, Plain, Stack, gather
from idiolect.forward.feed import Backbone, feed, joined, past_of, prefix_of, run
from idiolect.forward.memory import Memory


@dataclass(frozen=True, kw_only=True, eq=False)
class Row:
    """One prompt and one answer (its end token included) under one stream, which brings all but context and query."""

    prompt: list[int]
    answer: list[int]
    stream: Stream = field(default_factory=Stream)


@dataclass(frozen=True, kw_only=True, eq=False)
class Outputs:
    """n answer tokens of B rows, row after row.

    logits: (n, V). row: (n,) which row a token belongs to. target: (n,) its id. hidden: by module path, (B, T, d).
    at: masks (B, T) over the same T.
    """

    logits: Tensor
    row: Tensor
    target: Tensor
    hidden: dict[str, Tensor]
    at: At
    batch: int
    memory: Memory | None = None

    @property
    def log_probs(self) -> Tensor:
        """(n,) log-probability of each answer token."""
        scores = self.logits.float() if self.logits.dtype in (torch.float16, torch.bfloat16) else self.logits
        return scores.log_softmax(-1).gather(1, self.target[:, None])[:, 0]

    def total(self, values: Tensor) -> Tensor:
        """(B,) sums of (n,) values over each row's answer."""
        return values.new_zeros(self.batch).index_add(0, self.row, values)

    def mean(self, values: Tensor) -> Tensor:
        """(B,) means of (n,) values over each row's answer; 0 where there is none."""
        return self.total(values) / self.total(torch.ones_like(values)).clamp(min=1)


def forward(
    backbone: Backbone,
    rows: Sequence[Row],
    *,
    placed_extra: Sequence[Placed] = (),
    prefix_extra: Tensor | None = None,
    training: bool = False,
    sites: Sequence[str] = (),
    partners: Sequence[Beside] | None = None,
    stack: Stack | None = None,
    remember: bool = False,
) -> Outputs:
    """One pass over B rows of any users.

    Args:
        placed_extra: edits applied after the streams' own on the same site, with gradients where they have them.
        prefix_extra: (B, P, d), put after the streams' own prefixes.
        sites: module paths whose output is wanted.
        partners: for rows that are streams of one Idiolect, the rows of all of its streams (see `attach.gather`).
        stack: where edits are kept between calls.
        remember: keep the rows' keys, values and states in `Outputs.memory`.
    """
    streams = [r.stream for r in rows]
    prefixes = prefix_of(backbone, streams, training=training)
    if prefix_extra is not None:
        prefixes = [joined(own, extra) for own, extra in zip(prefixes, prefix_extra, strict=True)]
    pasts = past_of(backbone, streams, training=training)
    memory = Memory.of(backbone.module, pasts) if remember or any(pasts) else None
    placed = gather([s.edits for s in streams], partners, stack=stack or Plain(backbone.device, backbone.module.dtype))
    given = feed(backbone, [r.prompt + r.answer[:-1] for r in rows], [len(r.answer) for r in rows], prefixes)
    keep = max(1, *(len(r.answer) for r in rows))
    ran = run(backbone, given, [*placed, *placed_extra], memory, keep=keep, training=training, sites=sites)
    row, column = _answers(rows, keep)
    target = torch.tensor([t for r in rows for t in r.answer], dtype=torch.long, device=backbone.device)
    logits = ran.logits[row, column]
    return Outputs(
        logits=logits,
        row=row.to(logits.device),
        target=target,
        hidden=ran.hidden,
        at=ran.at,
        batch=len(rows),
        memory=memory,
    )


def _answers(rows: Sequence[Row], keep: int) -> tuple[Tensor, Tensor]:
    """Row and column, among the last `keep`, of every answer token."""
    pairs = [(i, keep - len(r.answer) + t) for i, r in enumerate(rows) for t in range(len(r.answer))]
    index = torch.tensor(pairs, dtype=torch.long).reshape(-1, 2)
    return index[:, 0], index[:, 1]
