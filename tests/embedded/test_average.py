"""The mean of two models is arithmetic, and only of models that can have one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from idiolect.core.errors import BadInput
from idiolect.embedded.average import average


def model(folder: Path, value: list[float], spelling: str = "a") -> Path:
    folder.mkdir()
    save_file({"w": torch.tensor(value, dtype=torch.bfloat16)}, str(folder / "model.safetensors"))
    (folder / "tokenizer.json").write_text(json.dumps({"pieces": spelling}))
    (folder / "curve.jsonl").write_text("{}\n")
    return folder


def test_the_mean_of_three_keeps_type_and_tokenizer_and_no_run_s_curve(tmp_path: Path) -> None:
    runs = [model(tmp_path / name, value) for name, value in (("a", [1.0, 0.0]), ("b", [2.0, 0.0]), ("c", [6.0, 3.0]))]
    average(runs, tmp_path / "out")
    tensor = load_file(str(tmp_path / "out" / "model.safetensors"))["w"]
    assert tensor.tolist() == [3.0, 1.0]
    assert tensor.dtype == torch.bfloat16
    assert (tmp_path / "out" / "tokenizer.json").exists()
    assert not (tmp_path / "out" / "curve.jsonl").exists()


def test_models_without_a_mean_are_refused_by_name(tmp_path: Path) -> None:
    one = model(tmp_path / "one", [1.0])
    longer, other = model(tmp_path / "longer", [1.0, 2.0]), model(tmp_path / "other", [1.0], spelling="b")
    (tmp_path / "empty").mkdir()
    for runs, match in (
        ([one], "two folders"),
        ([one, longer], "longer"),
        ([one, other], "other"),
        ([one, tmp_path / "empty"], "empty"),
    ):
        with pytest.raises(BadInput, match=match):
            average(runs, tmp_path / "out")
    assert not (tmp_path / "out").exists()
