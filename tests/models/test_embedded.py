"""The shipped model's folder: opened like any other, refused where layout and training part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from idiolect.core.errors import BadInput
from idiolect.core.layout import FINGERPRINT
from idiolect.models.embedded import open_embedded
from idiolect.models.hf import HFModel


def folder(root: Path, layout: str) -> Path:
    model = HFModel.random("lfm2")
    model.module.to(torch.bfloat16).save_pretrained(root)
    model.tokenizer.save_pretrained(root)
    config = json.loads((root / "config.json").read_text(encoding="utf-8"))
    (root / "config.json").write_text(json.dumps(config | {"idiolect_layout": layout}), encoding="utf-8")
    return root


def test_it_computes_in_float32_whatever_lies_on_disk(tmp_path: Path) -> None:
    assert open_embedded(folder(tmp_path, FINGERPRINT)).module.dtype == torch.float32


def test_another_layout_than_the_trained_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="idiolect embedded train"):
        open_embedded(folder(tmp_path, "0123456789abcdef"))
