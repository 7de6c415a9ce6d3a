"""The small model that this package ships: an ordinary model folder, opened like any other, or in another's place.

Importing this loads no torch; opening does.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from idiolect.core import layout
from idiolect.core.errors import BadInput

if TYPE_CHECKING:
    from idiolect.models.hf import HFModel

EMBEDDED = "embedded"  # its name where a model is chosen


def open_model(name: str | Path | None = None, *, device: str = "auto", dtype: str = "auto") -> HFModel:
    """The model that was chosen: the embedded one, or that of a local Hugging Face folder.

    Args:
        name: "embedded" or None, else the folder; a `Path` is always a folder.
        device, dtype: as `HFModel.open` takes them; "auto" is float32 for the embedded model.

    Raises:
        BadInput: a folder that cannot be opened, with what is wrong in it.
    """
    if name is None or name == EMBEDDED:
        return open_embedded(device=device, dtype="float32" if dtype == "auto" else dtype)
    from idiolect.models.hf import HFModel

    return HFModel.open(name, device=device, dtype=dtype)


def open_embedded(
    folder: str | Path | None = None, *, device: str = "auto", dtype: str = "float32", threads: int | None = None
) -> HFModel:
    """The embedded model in float32: it is so small that no shorter type pays, and its answers are then everywhere
    the same.

    Args:
        folder: another training's result; default is what the package holds.
        device, dtype, threads: as `HFModel.open` takes them.

    Raises:
        BadInput: the folder is missing or damaged, or was trained on another prompt layout than this version writes.
    """
    from idiolect.models.hf import HFModel

    root = Path(folder) if folder else Path(str(files("idiolect.embedded") / "weights"))
    model = HFModel.open(root, device=device, dtype=dtype, threads=threads)
    trained = json.loads((root / "config.json").read_text(encoding="utf-8")).get("idiolect_layout")
    if trained != layout.FINGERPRINT:
        what = f"trained on prompt layout {trained}, while this version writes {layout.FINGERPRINT}"
        raise BadInput(root, what, "Install the version it was trained with, or run: idiolect embedded train")
    return model
