"""Low-rank edits as PEFT folders: `adapter_config.json` and `adapter_model.safetensors`.

Edits that share a site become one LoRA of summed rank, which is exact, so that base model + folder is that user's
model wherever PEFT's format is read. A folder is published whole or not at all, and read whole or not at all.

| file | what it does |
|---|---|
| `writing` | edits into a folder |
| `reading` | a folder, ours or one that PEFT trained, into edits |
| `versions` | one version of a folder in place of another, at once for whoever reads |
| `format` | names that both sides share |
"""

from __future__ import annotations

from idiolect.training.export.reading import load
from idiolect.training.export.writing import save

__all__ = ["load", "save"]
