"""A prefix computed from a user's history: his items pooled by their likeness to the query, then projected.

w_j = softmax_j(x . Q h_j)      P = c Proj( sum_j w_j h_j )      Proj: linear, GELU, linear
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu, normalize

from idiolect.core.requests import Site
from idiolect.training.parts import Trainable


def weighed(query: Tensor, history: Tensor, there: Tensor) -> Tensor:
    """softmax_j(x . h_j) over the items that are there, zeros where there are none: query (B, d), history (B, n, d),
    there (B, n) of ones and zeros -> (B, n)."""
    scores = (history @ query.unsqueeze(-1)).squeeze(-1).masked_fill(there == 0, -math.inf)
    return scores.softmax(-1).nan_to_num(0.0)  # nobody there: softmax over nothing


def pooled(query: Tensor, history: Tensor, there: Tensor) -> Tensor:
    """sum_j softmax_j(x . h_j) h_j, zero where no item is there: as `weighed` -> (B, d)."""
    return (weighed(query, history, there).unsqueeze(-2) @ history).squeeze(-2)


def plug(tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """[I ; P] for each row, (B, 2, d). Given: query (B, d), history (B, n, d), there (B, n); trained, one for all: Q
    (d, d), up (e, d), up_bias (e,), down (d, e), down_bias (d,), instruction (d,), scale ()."""
    history = normalize(tensors["history"], dim=-1)
    mean = pooled(normalize(tensors["query"], dim=-1) @ tensors["Q"], history, tensors["there"])
    inner = gelu(mean @ tensors["up"].mT + tensors["up_bias"])
    known = tensors["there"].sum(-1, keepdim=True).clamp(max=1)  # without history the place stays empty
    own = tensors["scale"] * known * (inner @ tensors["down"].mT + tensors["down_bias"])
    return torch.stack([tensors["instruction"].expand_as(own), own], 1)


@dataclass(frozen=True)
class Plug(Trainable):
    """PPlug's head (Liu et al., ACL 2025): `hidden` is e as a multiple of d, `scale` c at the start, trained with it.

    Q begins as ten times the identity (unit vectors differ little in their products), the instruction as zero. Streams
    bring `query`, `history` and `there` in a prefix of this formula.
    """

    hidden: int = 1
    scale: float = 1.0
    sharpness: float = 10.0
    sites: str = "prefix"

    @property
    def shared(self) -> tuple[str, ...]:
        return ("Q", "up", "up_bias", "down", "down_bias", "instruction", "scale")

    @property
    def positions(self) -> int:
        return 2

    @property
    def formula(self) -> Callable[..., Tensor]:
        return plug

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        d, e = site.d_out, self.hidden * site.d_out

        def uniform(rows: int, columns: int) -> Tensor:
            return (torch.rand(rows, columns, generator=generator) * 2 - 1) / math.sqrt(columns)

        return {
            "Q": self.sharpness * torch.eye(d),
            "up": uniform(e, d),
            "up_bias": torch.zeros(e),
            "down": uniform(d, e),
            "down_bias": torch.zeros(d),
            "instruction": torch.zeros(d),
            "scale": torch.tensor(self.scale),
        }
