"""The mean of trained models, tensor by tensor: two runs from one point, each with its own falling rate, made one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from idiolect.core.errors import BadInput

WEIGHTS = "model.safetensors"


def average(folders: Sequence[Path], out: Path) -> None:
    """The equal mean of the folders' tensors, in fp32, kept in their own type; all else as in the last folder.

    After Wortsman et al. (Model soups, ICML 2022): ends of runs that started from one trained point lie in one basin.

    Raises:
        BadInput: fewer than two folders, one without weights, or of another shape or tokenizer than the first.
    """
    if len(folders) < 2:
        raise BadInput(out, "one model has no mean", "Name two folders or more")
    models = []
    for folder in folders:
        if not (folder / WEIGHTS).exists():
            raise BadInput(folder, f"holds no {WEIGHTS}", "Name a folder that `idiolect embedded train` left")
        models.append(load_file(str(folder / WEIGHTS)))
        shapes = {k: t.shape for k, t in models[-1].items()}
        if shapes != {k: t.shape for k, t in models[0].items()} or pieces(folder) != pieces(folders[0]):
            raise BadInput(
                folder, f"is not shaped or spelt as {folders[0]}", "Average runs that started from one folder"
            )
    shutil.copytree(folders[-1], out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("curve.jsonl"))
    mean = {k: torch.stack([m[k].float() for m in models]).mean(0) for k in models[0]}
    save_file({k: t.to(models[0][k].dtype) for k, t in mean.items()}, str(out / WEIGHTS), metadata={"format": "pt"})


def pieces(folder: Path) -> object:
    """The tokenizer as plain data."""
    return json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
