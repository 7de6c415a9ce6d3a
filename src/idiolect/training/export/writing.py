"""Edits into a PEFT folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from idiolect.core.errors import BadInput, StoreError
from idiolect.core.idiolect import Edit
from idiolect.training.export import versions
from idiolect.training.export.format import BASE, CONFIG, STEM, TENSORS, A, B
from idiolect.training.merging import stacked
from idiolect.training.parts import low_rank

AGAIN = "Train it again, with a smaller learning rate."


def save(folder: str | Path, edits: Sequence[Edit], *, base: str = "", digest: str = "") -> Path:
    """Publish edits as a PEFT folder; one that was there is replaced only when the new one is complete.

    Args:
        edits: low-rank edits, in the order in which they are applied.
        base: name or folder of the base model, for whoever opens the adapter.
        digest: the base model's digest; `load` refuses another base.

    Raises:
        BadInput: there is nothing to save, an edit is no low-rank edit, or it holds NaN or Inf.
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
        if not all(bool(t.isfinite().all()) for t in (*edit.shared.values(), *edit.rows.values())):
            raise BadInput(folder, f"the edit at {edit.site} holds NaN or Inf", AGAIN)
        sites.setdefault(edit.site, []).append(edit)
    loras = {site: _one(at_site) for site, at_site in sites.items()}
    tensors = dict[str, Tensor]()
    for site, (a, b, _) in loras.items():
        tensors |= {f"{STEM}{site}{end}": t.detach().cpu().contiguous().clone() for end, t in ((A, a), (B, b))}
    config = _config({s: (len(a), alpha) for s, (a, _, alpha) in loras.items()}, base)

    def fill(fresh: Path) -> None:
        (fresh / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
        save_file(tensors, fresh / TENSORS, metadata={"format": "pt", BASE: digest})

    try:
        return versions.publish(folder, fill)
    except (OSError, SafetensorError) as error:
        fix = "Make room on the disk, or give a folder that can be written: what was there is untouched."
        raise StoreError(folder, f"cannot be written ({error})", fix) from error


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
