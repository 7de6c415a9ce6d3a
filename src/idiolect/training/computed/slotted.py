"""Keys and values computed from a query and from what was retrieved for it, through trained slots.

C = LN(S + attend(S, query))      Z = LN(C + attend(C, retrieved))      (keys, values) = table + up tanh(down Z)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from idiolect.core.idiolect import Computed, Past
from idiolect.core.requests import Site
from idiolect.training.parts import Trainable


def attend(slots: Tensor, text: Tensor, there: Tensor, match: Tensor, take: Tensor) -> Tensor:
    """sum_j softmax_j(s_i . M h_j / sqrt d) V h_j, zero where no token is there: slots (B, m, d), text (B, n, d),
    there (B, n) of ones and zeros, match M and take V (d, d) -> (B, m, d). Tokens' states are normalised first."""
    text = layer_norm(text, text.shape[-1:])
    scores = slots @ match @ text.mT / math.sqrt(text.shape[-1])
    weights = scores.masked_fill(there.unsqueeze(-2) == 0, -math.inf).softmax(-1).nan_to_num(0.0)
    return weights @ text @ take.mT


def slotted(tensors: Mapping[str, Tensor], at: Any) -> dict[str, tuple[Tensor, Tensor]]:
    """By layer, keys and values (B, heads, m, d_head).

    Given, a row each: query (B, n, d) and retrieved (B, n', d), hidden states of tokens; query_there (B, n) and
    retrieved_there (B, n'). Trained, one for all: slots (m, d), match_* and take_* (d, d), down (h, d),
    up (L, 2, heads, d_head, h), table (L, 2, heads, m, d_head); layers (L,) are the layers' numbers.
    """
    slots = tensors["slots"].expand(len(tensors["query"]), *tensors["slots"].shape)
    for text in ("query", "retrieved"):
        matrices = tensors[f"match_{text}"], tensors[f"take_{text}"]
        slots = slots + attend(slots, tensors[text], tensors[f"{text}_there"], *matrices)
        slots = layer_norm(slots, slots.shape[-1:])
    inner = (slots @ tensors["down"].mT).tanh()
    both = tensors["table"] + torch.einsum("bmh,lkadh->blkamd", inner, tensors["up"])
    return {str(layer): (both[:, i, 0], both[:, i, 1]) for i, layer in enumerate(tensors["layers"].tolist())}


def past(query: Tensor, retrieved: Sequence[Tensor], count: int, shared: Mapping[str, Tensor] | None = None) -> Past:
    """The past of m = `count` positions that `slotted` computes of tokens' states: query (n, d), texts (n_j, d).
    Without `shared` it is what a stream brings to training."""
    texts = torch.cat([query[:0], *retrieved])
    rows = {"query": query, "query_there": query.new_ones(len(query))}
    rows |= {"retrieved": texts, "retrieved_there": texts.new_ones(len(texts))}
    return Past(computed=Computed(formula=slotted, shared=shared or {}, rows=rows), length=count)


@dataclass(frozen=True)
class Slotted(Trainable):
    """RECAP's generator (Liu et al., ACL 2023): `count` slots, `hidden` units of the MLP; `layers`, `heads` and `width`
    (d_head) are those of the model's attention, as its own keys show them.

    Slots and matrices are drawn at random; the MLP's last layer and the table begin as zero.
    """

    count: int = 30
    hidden: int = 512
    layers: tuple[int, ...] = ()
    heads: int = 1
    width: int = 1
    sites: str = "past"

    @property
    def shared(self) -> tuple[str, ...]:
        matrices = tuple(f"{what}_{text}" for text in ("query", "retrieved") for what in ("match", "take"))
        return ("slots", *matrices, "down", "up", "table", "layers")

    @property
    def frozen(self) -> tuple[str, ...]:
        return ("layers",)

    @property
    def positions(self) -> int:
        return self.count

    @property
    def formula(self) -> Callable[..., Any]:
        return slotted

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        d, kind = site.d_out, (len(self.layers), 2, self.heads)

        def normal(*shape: int, scale: float) -> Tensor:
            return torch.randn(*shape, generator=generator) * scale

        square = {name: normal(d, d, scale=1 / math.sqrt(d)) for name in self.shared[1:5]}
        return square | {
            "slots": normal(self.count, d, scale=1.0),
            "down": normal(self.hidden, d, scale=1 / math.sqrt(d)),
            "up": torch.zeros(*kind, self.width, self.hidden),
            "table": torch.zeros(*kind, self.count, self.width),
            "layers": torch.tensor(self.layers, dtype=torch.long),
        }
