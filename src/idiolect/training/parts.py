"""Parts that a `Fit` can train: what lies at a site, how it starts, what it computes.

| part | site | tensors | formula |
|---|---|---|---|
| `LowRank` | a linear | A (r, d_in), B (d_out, r), scale () | h + scale B A x |
| `Vector` | the prefix | vector (P, d) | P embeddings before the prompt |
| `Shift` | a block | shift (d,) | h + shift |
| `Value` | the head | weight (d,), bias () | one number a token in place of V logits |
| `Weights` | everything | the model's own | a derived model |

A formula sees a user's tensors with a leading batch axis, or, where one copy serves everybody, without: it must
broadcast over both. A new part is a frozen dataclass that says the same five things (see `Trainable`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.core.requests import Site


def low_rank(x: Tensor, h: Tensor, tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """h + scale B A x: x (B, T, d_in), h (B, T, d_out), A (B, r, d_in), B (B, d_out, r), scale (B,) = alpha / r.

    `keep` (B, d_in), given in training only, is a dropout mask already divided by its chance.
    """
    if "keep" in tensors:
        x = x * tensors["keep"].unsqueeze(-2)
    inner = x @ tensors["A"].mT * tensors["scale"].reshape(-1, 1, 1)
    outer = tensors["B"].mT
    return torch.baddbmm(h, inner, outer) if outer.dim() == 3 else h + inner @ outer


def shift(x: Tensor, h: Tensor, tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """h + v at every token: h (B, T, d), v (B, d)."""
    return h + tensors["shift"].unsqueeze(-2)


def prompt_vector(tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """The trained embeddings themselves, (B, P, d); one for everybody, (P, d), is given to each row."""
    vector = tensors["vector"]
    return vector if vector.dim() == 3 else vector.expand(len(at.positions), *vector.shape)


def value(x: Tensor, h: Tensor, tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """w . x + b, one number a token: x (B, T, d), w (B, d), b (B,) -> (B, T, 1)."""
    weight, bias = tensors["weight"].unsqueeze(-1), tensors["bias"].reshape(-1, 1, 1)
    return x @ weight + bias


def weights(*_: Any) -> Tensor:
    """A derived model has no formula: the module itself is copied and trained."""
    raise TypeError("Weights() trains a copy of the model; put the derived model's name into Stream.model instead")


class Trainable:
    """What the parts share. A subclass is a frozen dataclass that has `sites`, names its `formula`, gives `init`."""

    sites: str

    def __post_init__(self) -> None:
        """Raises:
        BadInput: a rank that is no rank.
        """
        if (rank := getattr(self, "rank", 1)) < 1:
            raise BadInput(f"{type(self).__name__}.rank", str(rank), "Give 1 or more.")

    @property
    def shared(self) -> tuple[str, ...]:
        """Tensors that all users of one `Fit` train together."""
        return ()

    @property
    def frozen(self) -> tuple[str, ...]:
        """Tensors that are kept and saved but not trained."""
        return ()

    @property
    def tied(self) -> tuple[str, ...]:
        """Tensors of which all sites of the part have one between them."""
        return ()

    @property
    def positions(self) -> int:
        """How many it takes up in front of the prompt."""
        return 0

    @property
    def formula(self) -> Callable[..., Any]:
        raise NotImplementedError(f"{type(self).__name__} names no formula")

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        """The tensors at the start, without a slot axis."""
        raise NotImplementedError(f"{type(self).__name__} has no init")

    def noise(self, site: Site, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Random tensors of one step for n examples of one user, (n, ...): masks of a dropout. None by default."""
        return {}


@dataclass(frozen=True)
class LowRank(Trainable):
    """LoRA (Hu et al., ICLR 2022): B A of rank r, scaled by alpha / r. A is Kaiming-uniform (a = sqrt 5), B zero.

    `dropout` masks inputs of the low-rank path. A mask is drawn once an example and step and holds at all of its
    tokens, so that it depends neither on padding nor on who else is in the batch. Given a `seed`, A is drawn from it
    and the site's name alone: whatever is trained then begins at one point, which averaging asks for.
    """

    rank: int = 8
    alpha: float = 8.0
    sites: str = "q,v"
    dropout: float = 0.0
    seed: int | None = None

    @property
    def formula(self) -> Callable[..., Tensor]:
        return low_rank

    @property
    def frozen(self) -> tuple[str, ...]:
        return ("scale",)

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        bound = 1 / math.sqrt(site.d_in)  # Kaiming-uniform with a = sqrt 5 comes to this
        if self.seed is not None:
            generator = torch.Generator().manual_seed(self.seed + crc32(site.path.encode()))
        return {
            "A": (torch.rand(self.rank, site.d_in, generator=generator) * 2 - 1) * bound,
            "B": torch.zeros(site.d_out, self.rank),
            "scale": torch.tensor(self.alpha / self.rank),
        }

    def noise(self, site: Site, n: int, generator: torch.Generator) -> dict[str, Tensor]:
        if not self.dropout:
            return {}
        keep = torch.rand(n, site.d_in, generator=generator) >= self.dropout
        return {"keep": keep / (1 - self.dropout)}


@dataclass(frozen=True)
class Vector(Trainable):
    """A soft prompt of `length` embeddings (Lester et al., EMNLP 2021); starts at zero, or normal times `scale`."""

    length: int = 1
    sites: str = "prefix"
    scale: float = 0.0

    @property
    def positions(self) -> int:
        return self.length

    @property
    def formula(self) -> Callable[..., Tensor]:
        return prompt_vector

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        return {"vector": torch.randn(self.length, site.d_out, generator=generator) * self.scale}


@dataclass(frozen=True)
class Shift(Trainable):
    """One vector added to a block's output at every token; starts at zero."""

    sites: str = "blocks.0.5"

    @property
    def formula(self) -> Callable[..., Tensor]:
        return shift

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        return {"shift": torch.zeros(site.d_out)}


@dataclass(frozen=True)
class Value(Trainable):
    """A reward or value: one number a token in the head's place, for bradley_terry and td; starts at zero."""

    sites: str = "head"

    @property
    def formula(self) -> Callable[..., Tensor]:
        return value

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        return {"weight": torch.zeros(site.d_in), "bias": torch.zeros(())}


@dataclass(frozen=True)
class Weights(Trainable):
    """All weights: a copy of the model is trained and named by what it became; the model itself is untouched."""

    sites: str = "weights"

    @property
    def formula(self) -> Callable[..., Tensor]:
        return weights

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        return {}
