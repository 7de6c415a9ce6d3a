"""One distribution out of K, and one token out of that: for many rows of different users in few calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from idiolect.core.idiolect import Combine
from idiolect.core.requests import Sampling
from idiolect.forward.attach import pad_stack, place


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """What a combine formula sees of B rows with K streams each.

    log_probs: (B, K, V). state: what the formula returned for these rows before, or None at their first token.
    hidden: by the site that `Combine.reads` names, (B, K, d). ids, values: (B, k), the best tokens of the first
    stream and what the last stream's head makes of each one step on (`Combine.lookahead`); that stream is then no
    part of log_probs.
    """

    log_probs: Tensor
    state: Mapping[str, Tensor] | None = None
    hidden: Mapping[str, Tensor] = field(default_factory=dict)
    ids: Tensor | None = None
    values: Tensor | None = None


def log_probs(logits: Tensor) -> Tensor:
    """log softmax of (..., V) in single precision or better."""
    return logits.to(torch.promote_types(logits.dtype, torch.float32)).log_softmax(-1)


def combined(combine: Sequence[Combine], step: Step) -> tuple[Tensor, list[dict[str, Tensor]] | None]:
    """One call of the formula that B rows share: (B, V), and each row's new state where the formula keeps one."""
    device, dtype = step.log_probs.device, step.log_probs.dtype
    rows = {k: pad_stack([place(c.rows[k], device, dtype) for c in combine]) for k in combine[0].rows}
    result = combine[0].formula(step, rows)
    if not isinstance(result, tuple):
        return result, None
    mixed, state = result
    return mixed, [{k: t[i] for k, t in state.items()} for i in range(len(combine))]


def kind(combine: Combine, streams: int, state: Any) -> tuple[Any, ...]:
    """Rows of one kind go into one call."""
    return (combine.formula, streams, combine.lookahead, combine.reads, tuple(combine.rows), state is None)


def draw(scores: Tensor, samplings: Sequence[Sampling], generators: Sequence[torch.Generator]) -> list[int]:
    """A token for each row of (B, V) log-probabilities: the best; or, where the temperature is above 0, one drawn from
    the fewest best that hold `top_p` together. One number of the row's own generator a token."""
    best: list[int] = scores.argmax(-1).tolist()
    drawn = [i for i, s in enumerate(samplings) if s.temperature > 0]
    if not drawn:
        return best
    device = scores.device
    heat = torch.tensor([samplings[i].temperature for i in drawn], device=device)[:, None]
    limit = torch.tensor([samplings[i].top_p for i in drawn], device=device)[:, None]
    ranked, ids = (scores[drawn].float() / heat).softmax(-1).sort(dim=-1, descending=True, stable=True)
    before = ranked.cumsum(-1) - ranked
    kept = ranked.masked_fill(before >= limit, 0.0)
    kept[:, 0] = ranked[:, 0]  # the best one stays, however small top_p is
    numbers = torch.stack([torch.rand((), generator=generators[i]) for i in drawn]).to(device)
    sums = kept.cumsum(-1)
    column = torch.searchsorted(sums, numbers[:, None] * sums[:, -1:], right=True)
    column = torch.minimum(column, (kept > 0).sum(-1, keepdim=True) - 1)
    for i, token in zip(drawn, ids.gather(1, column)[:, 0].tolist(), strict=True):
        best[i] = token
    return best
