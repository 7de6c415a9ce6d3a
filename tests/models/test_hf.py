"""Folders opened, and folders refused with what is wrong in them."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.layout import ask
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.models import hf
from idiolect.models.hf import HFModel

SEA = ask("tag", "a film about ships")


def saved(model: HFModel, folder: Path) -> Path:
    model.module.save_pretrained(folder)
    model.tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("family", ["llama", "qwen", "lfm2", "gpt2"])
def test_a_saved_folder_opens_and_answers_as_before(family: str, tmp_path: Path) -> None:
    model = HFModel.random(family)
    opened = HFModel.open(saved(model, tmp_path), dtype="float32", device="cpu")
    asked = Ask(query=SEA, sampling=Sampling(max_tokens=8))
    assert opened.answer([asked], [Key()]) == model.answer([asked], [Key()])
    assert opened.access is Access.WEIGHTS
    assert opened.width == 32


def test_weights_in_several_files_open_too(tmp_path: Path) -> None:
    model = HFModel.random("llama")
    model.module.save_pretrained(tmp_path, max_shard_size="20KB")
    model.tokenizer.save_pretrained(tmp_path)
    assert len(list(tmp_path.glob("*.safetensors"))) > 1
    opened = HFModel.open(tmp_path, dtype="float32")
    assert torch.equal(opened.module.lm_head.weight, model.module.lm_head.weight)


def test_a_random_model_is_the_same_for_the_same_seed_and_disturbs_no_generator() -> None:
    state = torch.get_rng_state()
    first, again, other = HFModel.random("llama"), HFModel.random("llama"), HFModel.random("llama", seed=1)
    assert first.digest == again.digest != other.digest
    assert torch.equal(torch.get_rng_state(), state)


def test_the_digest_names_the_weights(tmp_path: Path) -> None:
    one = HFModel.open(saved(HFModel.random("llama"), tmp_path / "one"))
    same = HFModel.open(saved(HFModel.random("llama"), tmp_path / "same"))
    other = HFModel.open(saved(HFModel.random("llama", seed=1), tmp_path / "other"))
    assert one.digest == same.digest != other.digest


def no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def broken_config(folder: Path) -> None:
    (folder / "config.json").write_text("{", encoding="utf-8")


def only_a_pickle(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps({}))


def a_pickle_in_disguise(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(pickle.dumps({}))


def cut_short(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-64])


def a_header_that_claims_everything(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes((2**62).to_bytes(8, "little") + b"{}")


def other_weights(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}), encoding="utf-8")


def another_width(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"hidden_size": 64}), encoding="utf-8")


def an_index_that_leaves_the_folder(folder: Path) -> None:
    index = {"weight_map": {"x": "../model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def a_shard_missing(folder: Path) -> None:
    index = {"weight_map": {"x": "model-2.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")


def strange_layers(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    kinds = ["linear_attention", "full_attention"]
    (folder / "config.json").write_text(json.dumps(config | {"layer_types": kinds}), encoding="utf-8")


def no_tokenizer(folder: Path) -> None:
    for file in folder.glob("*token*"):
        file.unlink()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (no_config, "config.json: no such file"),
        (broken_config, "cannot be read as JSON"),
        (only_a_pickle, r"no safetensors \(found pytorch_model.bin\)"),
        (a_pickle_in_disguise, "pickle"),
        (cut_short, "end at byte"),
        (a_header_that_claims_everything, "header claims"),
        (other_weights, "no weights for model.layers.2"),
        (another_width, "cannot be opened"),
        (an_index_that_leaves_the_folder, "no files of this folder"),
        (a_shard_missing, "model-2.safetensors is missing"),
        (strange_layers, "linear_attention"),
        (no_tokenizer, "cannot be opened"),
    ],
)
def test_a_damaged_folder_is_refused_and_says_where(damage: Callable[[Path], None], says: str, tmp_path: Path) -> None:
    folder = saved(HFModel.random("llama"), tmp_path)
    damage(folder)
    with pytest.raises(BadInput, match=says) as caught:
        HFModel.open(folder)
    assert str(tmp_path) in str(caught.value)
    assert caught.value.fix


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such folder"):
        HFModel.open(tmp_path / "nowhere")


def test_an_unknown_family_or_type_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="did you mean llama"):
        HFModel.random("lama")
    with pytest.raises(BadInput, match="no floating type"):
        HFModel.open(saved(HFModel.random("llama"), tmp_path), dtype="int8")


@pytest.mark.parametrize(("flags", "expected"), [({"avx2"}, torch.float32), ({"avx512_bf16"}, torch.bfloat16)])
def test_auto_is_bfloat16_only_where_the_cpu_multiplies_it(
    flags: set[str], expected: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hf, "_cpu_flags", lambda: flags)
    assert hf._dtype("auto", torch.device("cpu")) is expected


def test_weights_need_no_gradient_and_dropout_is_off() -> None:
    model = HFModel.random("gpt2")
    assert not any(p.requires_grad for p in model.module.parameters())
    assert not model.module.training


def test_nothing_asked_is_nothing_answered() -> None:
    assert HFModel.random("llama").answer([], []) == []
