"""Representation fine-tuning: a block's output is changed within a subspace of r dimensions.

h + R^T (W h + b - R h)          R: rows orthonormal
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from idiolect.core.requests import Site
from idiolect.training.parts import Trainable


def orthonormal(raw: Tensor) -> Tensor:
    """Rows (..., r, d) made orthonormal from the first on; orthonormal ones stay as they are, rows of zeros too."""
    exact = raw.to(torch.promote_types(raw.dtype, torch.float32))
    q, upper = torch.linalg.qr(exact.mT)
    signs = upper.diagonal(dim1=-2, dim2=-1).sign()  # zero where a row was: padding in rank changes nothing
    rows: Tensor = (q * signs.unsqueeze(-2)).mT.to(raw.dtype)
    return rows


def loreft(x: Tensor, h: Tensor, tensors: Mapping[str, Tensor], at: Any) -> Tensor:
    """h + R^T (W h + b - R h) at every token: h (B, T, d), R and W (B, r, d), b (B, r)."""
    basis = orthonormal(tensors["R"])
    moved = h @ tensors["W"].mT + tensors["b"].unsqueeze(-2) - h @ basis.mT
    return h + moved @ basis


@dataclass(frozen=True)
class Reft(Trainable):
    """LoReFT (Wu et al., NeurIPS 2024) at blocks' outputs: R is drawn at random, W begins as R and b as zero, so that
    nothing is changed before training."""

    rank: int = 4
    sites: str = "blocks.0.5"

    @property
    def formula(self) -> Callable[..., Tensor]:
        return loreft

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        basis = orthonormal(torch.randn(self.rank, site.d_out, generator=generator))
        return {"R": basis, "W": basis.clone(), "b": torch.zeros(self.rank)}
