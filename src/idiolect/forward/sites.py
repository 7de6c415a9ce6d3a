"""Names of places in a model: patterns such as "q,v" or "blocks.0.5" become module paths, the same that PEFT uses."""

from __future__ import annotations

from typing import Any

from torch import nn

from idiolect.core.errors import UnknownName
from idiolect.core.requests import Site

PSEUDO = ("prefix", "past", "weights")  # places that are no module: their path is their name
ROLES: dict[str, tuple[str, ...]] = {  # role -> last parts of module paths, over the families that we open
    "q": ("self_attn.q_proj", "attn.c_attn", "attention.self.query"),
    "k": ("self_attn.k_proj", "attn.c_attn", "attention.self.key"),
    "v": ("self_attn.v_proj", "attn.c_attn", "attention.self.value"),
    "qkv": ("attn.c_attn",),
    "o": ("self_attn.o_proj", "self_attn.out_proj", "attn.c_proj", "attention.output.dense"),
    "gate": ("mlp.gate_proj", "feed_forward.w1"),
    "up": ("mlp.up_proj", "feed_forward.w3", "mlp.c_fc", "intermediate.dense"),
    "down": ("mlp.down_proj", "feed_forward.w2", "mlp.c_proj", "output.dense"),
    "in": ("conv.in_proj",),
    "out": ("conv.out_proj",),
}


def resolve(module: Any, pattern: str) -> list[Site]:
    """The sites that a pattern names, each once, in the order of the model.

    Comma-separated: roles of linears (q k v qkv o gate up down in out), "linear" (all linears inside the blocks),
    "blocks.0.5" (the block at half depth), "blocks.-1", "blocks.3", "blocks.*", "head", a module's own path, or one
    of "prefix", "past", "weights", whose width is the model's.

    Raises:
        UnknownName: a name that this model has no place for.
    """
    prefix, blocks = block_list(module)
    found: dict[str, Site] = {}
    for name in (p.strip() for p in pattern.split(",")):
        for site in _one(module, name, prefix, blocks):
            found.setdefault(site.path, site)
    return sorted(found.values(), key=lambda s: s.layer) if len(found) > 1 else list(found.values())


def block_list(module: Any) -> tuple[str, nn.ModuleList]:
    """The path and the list of the model's blocks."""
    count = module.config.num_hidden_layers
    for path, child in module.named_modules():
        if isinstance(child, nn.ModuleList) and len(child) == count:
            return path, child
    raise UnknownName("site", "blocks", ["head"])


def widths(module: Any, path: str) -> tuple[int, int] | None:
    """Numbers in and out at a module's own path; None where that is neither a linear nor a block.

    Raises:
        UnknownName: this model has no such module.
    """
    try:
        child = module.get_submodule(path)
    except AttributeError:
        raise UnknownName("site", path, [name for name, _ in module.named_modules() if name]) from None
    if _is_linear(child):
        site = _linear(path, child, -1)
        return site.d_in, site.d_out
    prefix, _ = block_list(module)
    return (width(module), width(module)) if path.rpartition(".")[0] == prefix else None


def width(module: Any) -> int:
    """d, the width of the residual stream."""
    return int(module.config.hidden_size)


def head_path(module: Any) -> str:
    """Path of the layer that gives logits."""
    head = module.get_output_embeddings()
    return next(str(path) for path, child in module.named_modules() if child is head)


def _one(module: Any, name: str, prefix: str, blocks: nn.ModuleList) -> list[Site]:
    d = width(module)
    if name in PSEUDO:
        return [Site(name, d, d)]
    if name == "head":
        return [_linear(head_path(module), module.get_submodule(head_path(module)), -1)]
    if name.startswith("blocks."):
        return [Site(f"{prefix}.{i}", d, d, i) for i in _depths(name.removeprefix("blocks."), len(blocks))]
    inside = [
        _linear(f"{prefix}.{i}.{path}", child, i)
        for i, block in enumerate(blocks)
        for path, child in block.named_modules()
        if _is_linear(child) and (name == "linear" or _plays(path, name))
    ]
    if inside:
        return inside
    paths = dict(module.named_modules())
    if name in paths and name:
        return [_any(name, paths[name], prefix, d)]
    raise UnknownName("site", name, [*ROLES, *PSEUDO, "linear", "head", "blocks.0.5", "blocks.-1", "blocks.*"])


def _plays(path: str, role: str) -> bool:
    return path in ROLES.get(role, ())


def _depths(place: str, count: int) -> list[int]:
    if place == "*":
        return list(range(count))
    try:
        index = int(float(place) * count) if "." in place else int(place)
    except ValueError:
        raise UnknownName("site", f"blocks.{place}", ["blocks.0.5", "blocks.-1", "blocks.*"]) from None
    index = min(index, count - 1) if "." in place else index
    if not -count <= index < count:
        raise UnknownName("site", f"blocks.{place}", [f"blocks.{i}" for i in range(count)])
    return [index % count]


def _is_linear(module: nn.Module) -> bool:
    return isinstance(module, nn.Linear) or type(module).__name__ == "Conv1D"  # GPT-2's transposed linear


def _linear(path: str, module: nn.Module, layer: int) -> Site:
    weight = module.weight
    assert isinstance(weight, nn.Parameter)
    d_out, d_in = weight.shape if isinstance(module, nn.Linear) else reversed(weight.shape)
    return Site(path, d_in, d_out, layer)


def _any(path: str, module: nn.Module, prefix: str, d: int) -> Site:
    rest = path.removeprefix(f"{prefix}.").split(".")[0]
    layer = int(rest) if path.startswith(f"{prefix}.") and rest.isdigit() else -1
    return _linear(path, module, layer) if _is_linear(module) else Site(path, d, d, layer)
