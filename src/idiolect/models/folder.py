"""A model folder from somewhere: checked on disk, then opened. Nothing but safetensors and JSON is ever read."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.header import check

KINDS = ("full_attention", "sliding_attention", "conv")  # layers whose memory we can batch


def checked(folder: str | Path) -> tuple[Path, dict[str, Any], str]:
    """The folder, its config, and the digest of config and weights.

    Raises:
        BadInput: no such folder, no config, no safetensors, a damaged or missing file, or layers that we do not know.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise BadInput(root, "no such folder", "Give the folder that holds config.json and model.safetensors.")
    config = _json(root / "config.json")
    files = _weights(root)
    for file in files:
        check(file.resolve())  # a download cache keeps its files behind links
    strange = set(config.get("layer_types") or []) - set(KINDS)
    if strange:
        fix = "Choose a model of attention and short convolution layers."
        raise BadInput(root / "config.json", f"layers of kind {', '.join(sorted(strange))}", fix)
    return root, config, digest(root / "config.json", *files)


def digest(*files: Path) -> str:
    """16 hexadecimal digits over the bytes of files."""
    found = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while piece := stream.read(1 << 20):
                found.update(piece)
    return found.hexdigest()[:16]


def _weights(root: Path) -> list[Path]:
    index = root / "model.safetensors.index.json"
    if index.exists():
        names = sorted(set(_json(index).get("weight_map", {}).values()))
        if not names or any(not isinstance(n, str) or Path(n).name != n for n in names):
            raise BadInput(index, "its weight_map names no files of this folder", "Fetch the folder again.")
        missing = [n for n in names if not (root / n).exists()]
        if missing:
            raise BadInput(root, f"{missing[0]} is missing, which the index names", "Fetch the folder again.")
        return [root / n for n in names]
    if (root / "model.safetensors").exists():
        return [root / "model.safetensors"]
    other = sorted(p.name for p in (*root.glob("*.bin"), *root.glob("*.pt"), *root.glob("*.pth"), *root.glob("*.gguf")))
    found = f"no safetensors (found {', '.join(other)})" if other else "no safetensors"
    fix = "Save the model with save_pretrained(): a pickle could run code and is never loaded."
    raise BadInput(root, found, fix)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(path, "no such file", "Give a folder made by save_pretrained().") from None
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(path, f"cannot be read as JSON ({error})", "Fetch the folder again.") from None
    if not isinstance(value, dict):
        raise BadInput(path, "not a JSON object", "Fetch the folder again.")
    return value
