"""Parts that all users of a `Fit` train together.

| part | site | shared | a user's row | formula |
|---|---|---|---|---|
| `Coded` | a linear | A (r, d_in), B (d_out, r), P (r, c) | p (c,), one for all sites | h + scale B (A x + P p) |
| `FullRank` | a linear | D (d_out, d_in) | | h + D x |

Without p the first is a plain LoRA; with it, a user is a bias of rank r at each site.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from idiolect.core.requests import Site
from idiolect.training.parts import Trainable

SHARED = ("A", "B", "P", "scale")


def coded(x: Tensor, h: Tensor, tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """h + scale B (A x + P p): x (B, T, d_in), h (B, T, d_out), A (r, d_in), B (d_out, r), P (r, c), p (B, c).

    `known` (B,), given in training only, is 0 where the example is to be answered without its user; `keep` (B, d_in)
    is a dropout mask already divided by its chance.
    """
    inner = (x * tensors["keep"].unsqueeze(-2) if "keep" in tensors else x) @ tensors["A"].mT
    if "p" in tensors:
        bias = tensors["p"] @ tensors["P"].mT
        if "known" in tensors:
            bias = bias * tensors["known"].unsqueeze(-1)
        inner = inner + bias.unsqueeze(-2)
    return h + tensors["scale"] * (inner @ tensors["B"].mT)


def full_rank(x: Tensor, h: Tensor, tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """h + D x: x (B, T, d_in), h (B, T, d_out), D (d_out, d_in)."""
    return h + x @ tensors["D"].mT


@dataclass(frozen=True)
class Coded(Trainable):
    """PLoRA's layer (Zhang et al., AAAI 2024): rank r, and a user's vector of `code` numbers, the same at every site.

    A and P are Kaiming-uniform, B and p zero. `forget` is the chance of an example to be seen without its user,
    `dropout` masks inputs. closed: A, B and P are kept as they are, and each user's p is trained by itself.
    """

    rank: int = 64
    alpha: float = 128.0
    code: int = 512
    sites: str = "q,v"
    dropout: float = 0.1
    forget: float = 0.1
    closed: bool = False

    @property
    def shared(self) -> tuple[str, ...]:
        return SHARED

    @property
    def tied(self) -> tuple[str, ...]:
        return ("p",)

    @property
    def frozen(self) -> tuple[str, ...]:
        return SHARED if self.closed else ("scale",)

    @property
    def formula(self) -> Callable[..., Tensor]:
        return coded

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        def uniform(width: int) -> Tensor:
            return (torch.rand(self.rank, width, generator=generator) * 2 - 1) / math.sqrt(width)

        return {
            "A": uniform(site.d_in),
            "B": torch.zeros(site.d_out, self.rank),
            "P": uniform(self.code),
            "scale": torch.tensor(self.alpha / self.rank),
            "p": torch.zeros(self.code),
        }

    def noise(self, site: Site, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        if self.closed:
            return {}
        made = {}
        if self.forget:
            made["known"] = (torch.rand(n, generator=generator) >= self.forget).float()
        if self.dropout:
            made["keep"] = (torch.rand(n, site.d_in, generator=generator) >= self.dropout) / (1 - self.dropout)
        return made


@dataclass(frozen=True)
class FullRank(Trainable):
    """The difference D to every weight of the sites, zero at the start; one for all users of a `Fit`.

    With AdamW its steps are those of the weights themselves, decay apart: that pulls D to zero, the model to M_0.
    Embeddings and norms stay.
    """

    sites: str = "linear"

    @property
    def shared(self) -> tuple[str, ...]:
        return ("D",)

    @property
    def formula(self) -> Callable[..., Tensor]:
        return full_rank

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        return {"D": torch.zeros(site.d_out, site.d_in)}
