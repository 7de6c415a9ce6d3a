"""A PEFT folder into edits, each number of it checked."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from torch import Tensor, nn

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Edit
from idiolect.training.export import versions
from idiolect.training.export.format import BASE, CONFIG, STEM, TENSORS, A, B
from idiolect.training.parts import low_rank

AGAIN = "Export the adapter again."
_PLAIN = {  # what may stand in a LoRA's configuration without changing what A, B and alpha compute
    *("task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision"),
    *("inference_mode", "r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern", "use_rslora"),
    *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "fan_in_fan_out"),
    *("megatron_config", "megatron_core", "runtime_config", "ensure_weight_tying", "qalora_group_size"),
    *("loftq_config", "eva_config", "corda_config", "lora_ga_config"),  # of ways to begin, which is judged below
}
_MOVED = ("pissa", "olora", "loftq", "corda", "lora_ga")  # beginnings that also change the base's weights


def load(folder: str | Path, *, module: nn.Module | None = None, digest: str = "") -> tuple[Edit, ...]:
    """The edits of a PEFT folder, ours or one that PEFT trained.

    Args:
        module: the base model; every site and width is checked against it.
        digest: the base model's digest; an adapter that names another is refused.

    Raises:
        BadInput: no such folder, no safetensors, another base, a rank or width that does not fit, not a plain LoRA.
    """
    folder = Path(folder)
    _put_back(folder)
    config = _read_config(folder / CONFIG)
    tensors, about = _read_tensors(folder / TENSORS)
    theirs = about.get("idiolect_base", "")
    if digest and theirs and digest != theirs:
        fix = "Open the base model it was trained on, or migrate it."
        raise BadInput(folder, f"this adapter belongs to the base {theirs}, not to {digest}", fix)
    edits, scales = [], dict[tuple[float, torch.dtype], Tensor]()  # one tensor for all sites that are scaled alike
    for site in sorted({name.rsplit(".lora_", 1)[0] for name in tensors}):
        a, b = tensors.get(f"{site}.lora_A.weight"), tensors.get(f"{site}.lora_B.weight")
        path = site.removeprefix(STEM)
        if a is None or b is None:
            raise BadInput(folder / TENSORS, f"{path} has only one of A and B", "Export the adapter again.")
        _check(folder, path, a, b, config, module)
        exact = torch.promote_types(a.dtype, torch.float32)  # half precision would move alpha / r
        number = _scale(config, path, len(a))
        scale = scales.get((number, exact))
        if scale is None:
            scale = scales[number, exact] = torch.tensor(number, dtype=exact)
        edits.append(Edit(site=path, formula=low_rank, rows={"A": a, "B": b, "scale": scale}))
    return tuple(edits)


def _read_config(file: Path) -> dict[str, Any]:
    try:
        config: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(file, "no such file", "Give a folder that PEFT or `export.save` wrote.") from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(file, f"not JSON ({error})", "Export the adapter again.") from None
    if config.get("peft_type") != "LORA":
        raise BadInput(file, f"peft_type is {config.get('peft_type')!r}", "Only LORA adapters become edits.")
    begun = str(config.get("init_lora_weights", True)).lower()
    if begun.startswith(_MOVED):
        fix = "Save it with PEFT's path_initial_model_for_weight_conversion, which makes a plain LoRA of it."
        raise BadInput(file, f"init_lora_weights = {begun!r} means that other base weights belong to it", fix)
    for name in sorted(config.keys() - _PLAIN - {"init_lora_weights"}):
        if config[name] not in (None, False, "none", [], {}):
            raise BadInput(file, f"{name} = {config[name]!r} is not plain LoRA", f"Train it without {name}.")
    return config


TENSdef _scale(config: Mapping[str, Any], site: str, rank: int) -> float:
    alpha = _pattern(config.get("alpha_pattern") or {}, site, config.get("lora_alpha", 8))
    return float(alpha) / (rank**0.5 if config.get("use_rslora") else rank)


def _pattern(pattern: Mapping[str, Any], site: str, default: Any) -> Any:
    """PEFT's patterns name a module by its path or by the end of it."""
    return next((v for k, v in pattern.items() if site == k or site.endswith(f".{k}")), default)


def _check(folder: Path, path: str, a: Tensor, b: Tensor, config: Mapping[str, Any], module: nn.Module | None) -> None:
    rank = _pattern(config.get("rank_pattern") or {}, path, config.get("r"))
    if len(a) != b.shape[1] or len(a) != rank:
        what = f"{path}: A has rank {len(a)}, B {b.shape[1]}, the config {rank}"
        raise BadInput(folder, what, "Export the adapter again.")
    if module is None:
        return
    try:
        target = module.get_submodule(path)
    except AttributeError:
        raise BadInput(folder, f"the base has no {path}", "Open the base model it was trained on.") from None
    weight = target.weight
    assert isinstance(weight, Tensor)
    wide = (b.shape[0], a.shape[1])
    if wide not in (tuple(weight.shape), tuple(weight.mT.shape)):
        what = f"{path} is {tuple(weight.shape)} in the base, the adapter wants {wide}"
        raise BadInput(folder, what, "Open the base model it was trained on.")
