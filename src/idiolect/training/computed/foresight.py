"""What a user will say, foreseen from what he said to like posts: a vector to retrieve by.

e(x) = V sum_j softmax_j(x . Q p_j) r_j + W x        p_j, r_j: his posts and what he said to them, latest last
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from idiolect.core.requests import Site
from idiolect.training.computed.plug import weighed
from idiolect.training.objectives import Numbers, Outputs, reads
from idiolect.training.parts import Trainable


def foreseen(numbers: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> Tensor:
    """e (B, d) of query x (B, d), posts p and answers r (B, n, d), there (B, n); Q, V and W (d, d)."""
    weights = weighed(numbers["query"] @ tensors["Q"], numbers["posts"], numbers["there"])
    said = (weights.unsqueeze(-2) @ numbers["answers"]).squeeze(-2)
    return said @ tensors["V"].mT + numbers["query"] @ tensors["W"].mT


@reads("parts")
def unlike(outputs: Outputs, numbers: Numbers) -> Tensor:
    """1 - cos(e, what he did say): (B,)."""
    return 1 - cosine_similarity(foreseen(numbers, outputs.parts[0]), numbers["said"], dim=-1)


@dataclass(frozen=True)
class Foresight(Trainable):
    """Q begins as a multiple of the identity, V as the identity, W as zero: at first he says what he said to the posts
    most like this one. It lies at no place of the model; the site gives d alone."""

    sharpness: float = 10.0
    sites: str = "blocks.-1"

    @property
    def shared(self) -> tuple[str, ...]:
        return ("Q", "V", "W")

    @property
    def formula(self) -> Callable[..., Any]:
        return foreseen

    def init(self, site: Site, generator: torch.Generator) -> dict[str, Tensor]:
        one = torch.eye(site.d_out)
        return {"Q": self.sharpness * one, "V": one.clone(), "W": torch.zeros_like(one)}
