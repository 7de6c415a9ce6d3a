"""The shipped model's folder: opened like any other, refused where layout and training part."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from idiolect.core.errors import BadInput
from idiolect.core.layout import FINGERPRINT
from idiolect.models.embedded import open_embedded, open_model
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


def test_the_chosen_model_is_the_embedded_one_by_its_name_or_by_none_else_a_folder(tmp_path: Path) -> None:
    named, unnamed = open_model("embedded", device="cpu"), open_model()
    assert named.digest == unnamed.digest
    assert {named.module.dtype, unnamed.module.dtype} == {torch.float32}
    assert open_model(dtype="bfloat16").module.dtype == torch.bfloat16
    other = open_model(folder(tmp_path, "any layout"), dtype="bfloat16")  # that of another's folder is not asked for
    assert other.digest != named.digest
    assert other.module.dtype == torch.bfloat16
    with pytest.raises(BadInput):
        open_model(Path("embedded"))


def test_another_layout_than_the_trained_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="idiolect embedded train"):
        open_embedded(folder(tmp_path, "0123456789abcdef"))
