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
        BadInput: no such folder, no safetensors, NaN or Inf, another base, a rank or width that does not fit, not a
            plain LoRA.
    """
    folder = Path(folder)
    config, tensors, about = _version(folder)
    theirs = about.get(BASE, "")
    if digest and theirs and digest != theirs:
        fix = "Open the base model it was trained on, or migrate it."
        raise BadInput(folder, f"this adapter belongs to the base {theirs}, not to {digest}", fix)
    edits, scales = [], dict[tuple[float, torch.dtype], Tensor]()  # one tensor for all sites that are scaled alike
    for site in sorted({name.rsplit(".lora_", 1)[0] for name in tensors}):
        a, b = tensors.get(f"{site}{A}"), tensors.get(f"{site}{B}")
        path = site.removeprefix(STEM)
        if a is None or b is None:
            raise BadInput(folder / TENSORS, f"{path} has only one of A and B", AGAIN)
        _check(folder, path, a, b, config, module)
        exact = torch.promote_types(a.dtype, torch.float32)  # half precision would move alpha / r
        number = _scale(folder / CONFIG, config, path, len(a))
        scale = scales.get((number, exact))
        if scale is None:
            scale = scales[number, exact] = torch.tensor(number, dtype=exact)
        edits.append(Edit(site=path, formula=low_rank, rows={"A": a, "B": b, "scale": scale}))
    return tuple(edits)


def _version(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor], dict[str, str]]:
    """Configuration, tensors and what is said beside them: all of one version."""
    try:
        found = versions.read(folder, (CONFIG, TENSORS))
    except OSError as error:
        raise BadInput(folder, error.strerror or str(error), "Give a folder that can be read.") from error
    config = _config(folder / CONFIG, found.get(CONFIG))
    tensors, about = _tensors(folder / TENSORS, found.get(TENSORS))
    return config, tensors, about


def _config(file: Path, raw: bytes | None) -> dict[str, Any]:
    if raw is None:
        raise BadInput(file, "no such file", "Give a folder that PEFT or `export.save` wrote.")
    try:
        config: dict[str, Any] = json.loads(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadInput(file, f"not JSON ({error})", AGAIN) from None
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        kind = config.get("peft_type") if isinstance(config, dict) else config
        raise BadInput(file, f"peft_type is {kind!r}", "Only LORA adapters become edits.")
    begun = str(config.get("init_lora_weights", True)).lower()
    if begun.startswith(_MOVED):
        fix = "Save it with PEFT's path_initial_model_for_weight_conversion, which makes a plain LoRA of it."
        raise BadInput(file, f"init_lora_weights = {begun!r} means that other base weights belong to it", fix)
    for name in sorted(config.keys() - _PLAIN - {"init_lora_weights"}):
        if config[name] not in (None, False, "none", [], {}):
            raise BadInput(file, f"{name} = {config[name]!r} is not plain LoRA", f"Train it without {name}.")
    return config


def _tensors(file: Path, raw: bytes | None) -> tuple[dict[str, Tensor], dict[str, str]]:
    if raw is None:
        kept = "; a pickle is never loaded" if file.with_name("adapter_model.bin").exists() else ""
        raise BadInput(file, f"no safetensors file there{kept}", "Save it with PEFT's safe_serialization=True.")
    try:
        tensors = parse(raw)  # checks the header against the size before it makes a tensor
        about = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")]).get("__metadata__", {})
    except SafetensorError as error:
        raise BadInput(file, f"not a whole safetensors file ({error})", AGAIN) from None
    foreign = [n for n in tensors if not n.endswith((A, B))]
    if foreign or not tensors:
        raise BadInput(file, f"holds {foreign[0] if foreign else 'no tensor'}", "Only plain LoRA tensors become edits.")
    if not bool(torch.cat([t.flatten() for t in tensors.values()]).isfinite().all()):
        worst = next(name for name, t in tensors.items() if not bool(t.isfinite().all()))
        raise BadInput(file, f"{worst} holds NaN or Inf", "Train it again, with a smaller learning rate.")
    return tensors, about


def _scale(file: Path, config: Mapping[str, Any], site: str, rank: int) -> float:
    alpha = _pattern(config.get("alpha_pattern") or {}, site, config.get("lora_alpha", 8))
    if not isinstance(alpha, (int, float)) or not math.isfinite(alpha):
        raise BadInput(file, f"{site}: lora_alpha is {alpha!r}", "Give a finite number there, or export it again.")
    return float(alpha) / (rank**0.5 if config.get("use_rslora") else rank)


def _pattern(pattern: Mapping[str, Any], site: str, default: Any) -> Any:
    """PEFT's patterns name a module by its path or by the end of it."""
    return next((v for k, v in pattern.items() if site == k or site.endswith(f".{k}")), default)


def _check(folder: Path, path: str, a: Tensor, b: Tensor, config: Mapping[str, Any], module: nn.Module | None) -> None:
    rank = _pattern(config.get("rank_pattern") or {}, path, config.get("r"))
    if a.dim() != 2 or b.dim() != 2 or not a.numel() or not b.numel():
        raise BadInput(folder, f"{path}: A is {tuple(a.shape)} and B {tuple(b.shape)}, not two matrices", AGAIN)
    if len(a) != b.shape[1] or len(a) != rank:
        what = f"{path}: A has rank {len(a)}, B {b.shape[1]}, the config {rank}"
        raise BadInput(folder, what, AGAIN)
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
