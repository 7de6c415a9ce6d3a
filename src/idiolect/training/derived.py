"""Derived models: a copy of the model, all of whose weights are trained, named by what they became."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from idiolect.core.errors import UnknownName
from idiolect.forward.feed import Backbone


class Name(str):
    """What a derived model is called. Whoever holds the name, in a `Trained` or a `Stream`, holds the model."""

    module: nn.Module


class Keeper(Backbone, Protocol):
    """A backbone that finds derived models by name, and gives them and its companions as backbones."""

    @property
    def derived(self) -> MutableMapping[str, Any]: ...
    @property
    def models(self) -> Mapping[str, Backbone]: ...


@dataclass(frozen=True, eq=False)
class Copy:
    """A backbone of its own, whose weights have gradients."""

    module: Any
    tokenizer: Any
    device: torch.device
    width: int


def named(backbone: Keeper, name: str) -> Backbone:
    """The backbone itself ("base"), or what streams call by another name.

    Raises:
        UnknownName: no model of that name is kept here.
    """
    if name == "base":
        return backbone
    if name not in backbone.models:
        raise UnknownName("model", name, backbone.models)
    return backbone.models[name]


def copied(backbone: Backbone) -> Copy:
    """A copy to train, in single precision or better."""
    module = copy.deepcopy(backbone.module)
    module = module.to(torch.promote_types(module.dtype, torch.float32)).requires_grad_(True)
    return Copy(module, backbone.tokenizer, backbone.device, backbone.width)


def keep(backbone: Keeper, trained: Copy) -> str:
    """Give the copy to the backbone, in its precision; the name is the digest of the weights."""
    module = trained.module.to(backbone.module.dtype).requires_grad_(False)
    plain = digest(module)
    name = Name(plain)
    name.module = backbone.derived.setdefault(plain, module)
    return name


def digest(module: nn.Module) -> str:
    """16 hexadecimal digits that name the weights: equal weights, equal name."""
    found = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        found.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        found.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes() if tensor.numel() else b"")
    return found.hexdigest()[:16]
