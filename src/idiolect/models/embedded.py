"""The small model that this package ships: an ordinary model folder, opened like any other."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from idiolect.core import layout
from idiolect.core.errors import BadInput
from idiolect.models.hf import HFModel


def open_embedded(folder: str | Path | None = None, *, threads: int | None = None) -> HFModel:
    """The embedded model in float32: it is so small that no shorter type pays, and its answers are then everywhere
    the same.

    Args:
        folder: another training's result; default is what the package holds.

    Raises:
        BadInput: the folder is missing or damaged, or was trained on another prompt layout than this version writes.
    """
    root = Path(folder) if folder else Path(str(files("idiolect.embedded") / "weights"))
    model = HFModel.open(root, dtype="float32", threads=threads)
    trained = json.loads((root / "config.json").read_text(encoding="utf-8")).get("idiolect_layout")
    if trained != layout.FINGERPRINT:
        what = f"trained on prompt layout {trained}, while this version writes {layout.FINGERPRINT}"
        raise BadInput(root, what, "Install the version it was trained with, or run: idiolect embedded train")
    return model
