"""Low-rank edits as PEFT folders: `adapter_config.json` and `adapter_model.safetensors`.

Edits that share a site become one LoRA of summed rank, which is exact, so that base model + folder is that user's
model wherever PEFT's format is read. A folder is published whole or not at all.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as parse
from safetensors.torch import save_file
from torch import Tensor, nn

from idiolect.core.errors import BadInput, StoreError
from idiolect.core.idiolect import Edit
from idiolect.training.merging import stacked
from idiolect.training.parts import low_rank

CONFIG, TENSORS = "adapter_config.json", "adapter_model.safetensors"
STEM = "base_model.model."
OLD = "-old"
_PLAIN = {  # what may stand in a LoRA's configuration without changing what A, B and alpha compute
    *("task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision"),
    *("inference_mode", "r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern", "use_rslora"),
    *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "fan_in_fan_out"),
    *("megatron_config", "megatron_core", "runtime_config", "ensure_weight_tying", "qalora_group_size"),
    *("loftq_config", "eva_config", "corda_config", "lora_ga_config"),  # of ways to begin, which is judged below
}
_MOVED = ("pissa", "olora", "loftq", "corda", "lora_ga")  # beginnings that also change the base's weights


def save(folder: str | Path, edits: Sequence[Edit], *, base: str = "", digest: str = "") -> Path:
    """Publish edits as a PEFT folder; one that was there is replaced only when the new one is complete.

    Args:
        edits: low-rank edits, in the order in which they are applied.
        base: name or folder of the base model, for whoever opens the adapter.
        digest: the base model's digest; `load` refuses another base.

    Raises:
        BadInput: there is nothing to save, or an edit is no low-rank edit.
        StoreError: it cannot be written; what was there is untouched.
    """
    folder = Path(folder)
    if not edits:
        raise BadInput(
            folder, "no edits to export", "Give a user's low-rank edits, such as `Fitted.users[user].edits`."
        )
    sites: dict[str, list[Edit]] = {}
    for edit in edits:
        if edit.formula is not low_rank:
            what = f"the edit at {edit.site} is {edit.formula.__name__}, which PEFT's LoRA cannot hold"
            raise BadInput(folder, what, "Save it as an artifact instead (`idiolect.data.artifacts`).")
        sites.setdefault(edit.site, []).append(edit)
    loras = {site: _one(at_site) for site, at_site in sites.items()}
    tensors = {}
    for site, (a, b, _) in loras.items():
        tensors[f"{STEM}{site}.lora_A.weight"] = a.detach().cpu().contiguous().clone()
        tensors[f"{STEM}{site}.lora_B.weight"] = b.detach().cpu().contiguous().clone()
    config = _config({s: (len(a), alpha) for s, (a, _, alpha) in loras.items()}, base)
    return _publish(folder, config, tensors, {"format": "pt", "idiolect_base": digest})


def _one(edits: Sequence[Edit]) -> tuple[Tensor, Tensor, float]:
    """A, B and alpha of a site's edits; one alone keeps its own numbers."""
    edit = edits[0] if len(edits) == 1 else stacked(edits)
    tensors = {**edit.shared, **edit.rows}
    return tensors["A"], tensors["B"], float(tensors["scale"]) * len(tensors["A"])


def _config(shapes: Mapping[str, tuple[int, float]], base: str) -> dict[str, Any]:
    """PEFT's configuration: the most common rank and alpha, and patterns for the sites that differ."""
    rank, alpha = Counter(shapes.values()).most_common(1)[0][0]
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base or None,
        "r": rank,
        "lora_alpha": alpha,
        "target_modules": sorted(shapes),
        "rank_pattern": {s: r for s, (r, _) in sorted(shapes.items()) if r != rank},
        "alpha_pattern": {s: a for s, (_, a) in sorted(shapes.items()) if a != alpha},
        "fan_in_fan_out": any(s.rpartition(".")[2].startswith("c_") for s in shapes),  # GPT-2's Conv1D
        "lora_dropout": 0.0,
        "bias": "none",
        "inference_mode": True,
    }


def _publish(folder: Path, config: Mapping[str, Any], tensors: dict[str, Tensor], about: dict[str, str]) -> Path:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _put_back(folder)
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        return _filled(fresh, folder, config, tensors, about)
    except (OSError, SafetensorError) as error:
        fix = "Make room on the disk, or give a folder that can be written: what was there is untouched."
        raise StoreError(folder, f"cannot be written ({error})", fix) from error


def _filled(
    fresh: Path, folder: Path, config: Mapping[str, Any], tensors: dict[str, Tensor], about: dict[str, str]
) -> Path:
    try:
        (fresh / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        save_file(tensors, fresh / TENSORS, metadata=about)
        for name in (CONFIG, TENSORS):
            with open(fresh / name, "rb") as file:
                os.fsync(file.fileno())
        if folder.exists():
            _exchanged(fresh, folder)
        else:
            os.rename(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    return folder


def _exchanged(fresh: Path, folder: Path) -> None:
    """Puts the fresh folder where the old one is, or leaves the old one there."""
    old = fresh.with_name(fresh.name + OLD)
    os.rename(folder, old)
    try:
        os.rename(fresh, folder)
    except BaseException:
        if not folder.exists():
            os.rename(old, folder)
        raise
    shutil.rmtree(old)


def _put_back(folder: Path) -> None:
    """Where a process was killed between the two renames of `_exchanged`, the old folder is there again."""
    if folder.exists() or not folder.parent.is_dir():
        return
    begun = f".{folder.name}-"  # then eight characters that `mkdtemp` chose
    left = [p for p in folder.parent.iterdir() if p.name.startswith(begun) and p.name.endswith(OLD)]
    left = [p for p in left if len(p.name) == len(begun) + 8 + len(OLD) and p.is_dir() and not p.is_symlink()]
    for old in sorted(left, key=lambda p: p.stat().st_mtime_ns)[-1:]:
        with suppress(FileNotFoundError):  # another process was quicker
            os.rename(old, folder)


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


def _read_tensors(file: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not file.is_file() or file.is_symlink():
        kept = "; a pickle is never loaded" if file.with_name("adapter_model.bin").exists() else ""
        raise BadInput(file, f"no safetensors file there{kept}", "Save it with PEFT's safe_serialization=True.")
    try:
        with safe_open(file, framework="pt"):  # the header is checked before anything is allocated
            raw = file.read_bytes()
        tensors = parse(raw)
        about = json.loads(raw[8 : 8 + int.from_bytes(raw[:8], "little")]).get("__metadata__", {})
    except (SafetensorError, OSError) as error:
        raise BadInput(file, f"not a whole safetensors file ({error})", "Export the adapter again.") from None
    foreign = [n for n in tensors if not n.endswith((".lora_A.weight", ".lora_B.weight"))]
    if foreign or not tensors:
        raise BadInput(file, f"holds {foreign[0] if foreign else 'no tensor'}", "Only plain LoRA tensors become edits.")
    return tensors, about


def _scale(config: Mapping[str, Any], site: str, rank: int) -> float:
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
