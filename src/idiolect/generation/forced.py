"""A given answer under a combine that looks ahead: token after token, as it would be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from idiolect.core.idiolect import Combine
from idiolect.forward.feed import Backbone
from idiolect.forward.rows import Row
from idiolect.forward.slots import Slots
from idiolect.generation.decode import Step, combined, log_probs
from idiolect.generation.lane import Lane, Line


@torch.no_grad()
def forced(models: Mapping[str, Backbone], names: Sequence[str], rows: Sequence[Row], combine: Combine) -> Tensor:
    """Log-probabilities (T,) of the answer's tokens.

    Args:
        names: the model of each of the K streams. rows: prompt, answer and resolved stream of each.
    """
    lanes = {n: Lane(models[n], Slots(models[n].device, models[n].module.dtype)) for n in dict.fromkeys(names)}
    for name, lane in lanes.items():
        own = [(k, r) for k, (n, r) in enumerate(zip(names, rows, strict=True)) if n == name]
        lane.join([Line(row=0, place=k, stream=r.stream, prompt=r.prompt, reads=combine.reads) for k, r in own])
    places = [(n, names[:k].count(n)) for k, n in enumerate(names)]
    state: dict[str, Tensor] | None = None
    found = []
    for token in rows[0].answer:
        step = _step(lanes, places, combine, state)
        mixed, states = combined([combine], step)
        state = {k: v[None] for k, v in states[0].items()} if states else None
        found.append(mixed[0, token])
        for lane in lanes.values():
            lane.step({0: token})
    return torch.stack(found)


def _step(
    lanes: Mapping[str, Lane], places: Sequence[tuple[str, int]], combine: Combine, state: dict[str, Tensor] | None
) -> Step:
    """What the formula sees before the next token, B = 1."""
    each = log_probs(torch.stack([lanes[n].logits[i] for n, i in places]))[None]  # (1, K, V)
    hidden = {site: torch.stack([lanes[n].hidden[site][i] for n, i in places])[None] for site in combine.reads}
    ids = each[:, 0].topk(combine.lookahead).indices
    name, last = places[-1]
    values = lanes[name].ahead([last], ids).to(each.dtype)
    return Step(log_probs=each[:, :-1], state=state, hidden=hidden, ids=ids, values=values)
