"""Our adapters are PEFT's: a folder of ours gives PEFT our logits, a folder of PEFT's gives us PEFT's."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from torch import Tensor

from idiolect.core.errors import BadInput, StoreError
from idiolect.core.idiolect import Edit, Stream
from idiolect.forward.rows import Row, forward
from idiolect.models.hf import HFModel
from idiolect.training.export import load, save, versions
from idiolect.training.parts import LowRank, Shift
from idiolect.training.slots import beginning, places

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing:FutureWarning")  # PEFT asks transformers so
IDS = [1, 70, 80, 90, 100, 110]


def adapter(model: HFModel, seed: int, part: LowRank) -> tuple[Edit, ...]:
    """A LoRA whose B is not zero."""
    draw = torch.Generator().manual_seed(seed)
    found = places(model.module, (part,))
    tensors = beginning(found, None, draw)
    return tuple(
        Edit(site=p.site.path, formula=part.formula, rows=t | {"B": torch.randn(t["B"].shape, generator=draw) * 0.3})
        for p, t in zip(found, tensors, strict=True)
    )


@torch.no_grad()
def ours(model: HFModel, edits: tuple[Edit, ...]) -> Tensor:
    """Logits at every token but the last."""
    return forward(model, [Row(prompt=IDS[:1], answer=IDS[1:], stream=Stream(edits=edits))]).logits


@torch.no_grad()
def theirs(model: HFModel, folder: Path) -> Tensor:
    wrapped = peft.PeftModel.from_pretrained(copy.deepcopy(model.module), folder).eval()
    logits: Tensor = wrapped(input_ids=torch.tensor([IDS[:-1]])).logits[0]
    return logits


@pytest.mark.parametrize("family", ["llama", "lfm2", "gpt2"])
@pytest.mark.parametrize(("rank", "alpha"), [(1, 3.0), (4, 4.0), (16, 8.0)])
@pytest.mark.parametrize("sites", ["q,v", "linear"])
def test_peft_makes_our_logits_of_our_folder(family: str, rank: int, alpha: float, sites: str, tmp_path: Path) -> None:
    model = HFModel.random(family)
    edits = adapter(model, 1, LowRank(rank=rank, alpha=alpha, sites=sites))
    folder = save(tmp_path / "ann", edits)
    expected = ours(model, edits)
    assert (expected - ours(model, ())).abs().max() > 1e-2  # the adapter does something
    torch.testing.assert_close(theirs(model, folder), expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(ours(model, load(folder, module=model.module)), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("family", ["llama", "gpt2"])
def test_a_user_adapter_over_a_task_adapter_is_one_lora_of_summed_rank(family: str, tmp_path: Path) -> None:
    model = HFModel.random(family)
    task = adapter(model, 1, LowRank(rank=4, alpha=2.0, sites="q,k,v"))
    user = adapter(model, 2, LowRank(rank=3, alpha=9.0, sites="q,v"))
    folder = save(tmp_path / "ann", (*task, *user))
    torch.testing.assert_close(theirs(model, folder), ours(model, (*task, *user)), rtol=0, atol=1e-5)
    ranks = {e.site.rpartition(".")[2]: len(e.rows["A"]) for e in load(folder)}
    assert ranks == ({"q_proj": 7, "k_proj": 4, "v_proj": 7} if family == "llama" else {"c_attn": 7})


@pytest.mark.parametrize(
    "options", [{}, {"use_rslora": True}, {"rank_pattern": {"v_proj": 2}, "alpha_pattern": {"v_proj": 5}}]
)
def test_an_adapter_that_peft_made_loads_here(options: dict[str, Any], tmp_path: Path) -> None:
    model = HFModel.random("llama")
    config = peft.LoraConfig(r=4, lora_alpha=6, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", **options)
    wrapped = peft.get_peft_model(copy.deepcopy(model.module), config)
    for name, weight in wrapped.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.3)
    wrapped.save_pretrained(str(tmp_path))
    with torch.no_grad():
        expected = wrapped.eval()(input_ids=torch.tensor([IDS[:-1]])).logits[0]
    torch.testing.assert_close(ours(model, load(tmp_path, module=model.module)), expected, rtol=0, atol=1e-5)


def trained_by_peft(model: HFModel, sites: str | list[str] | None) -> Any:
    """The model under a LoRA that PEFT trained for a few large steps."""
    turned = model.module.config.model_type == "gpt2"  # its Conv1D holds weights the other way round
    config = peft.LoraConfig(r=4, lora_alpha=6, target_modules=sites, task_type="CAUSAL_LM", fan_in_fan_out=turned)
    wrapped: Any = peft.get_peft_model(copy.deepcopy(model.module), config)
    optimiser = torch.optim.AdamW([p for p in wrapped.parameters() if p.requires_grad], lr=1e-1)
    for _ in range(3):
        wrapped(input_ids=torch.tensor([IDS]), labels=torch.tensor([IDS])).loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    return wrapped.eval()


@pytest.mark.slow
@pytest.mark.parametrize("sites", [None, "all-linear"], ids=["PEFT's choice", "all-linear"])
@pytest.mark.parametrize("family", ["llama", "qwen", "gpt2", "lfm2"])
def test_an_adapter_that_peft_trained_gives_its_logits_here(family: str, sites: str | None, tmp_path: Path) -> None:
    model = HFModel.random(family)
    if family == "lfm2" and sites is None:
        sites = ["q_proj", "v_proj"]  # PEFT knows no usual ones of this family
    wrapped = trained_by_peft(model, sites)
    wrapped.save_pretrained(str(tmp_path))
    edits = load(tmp_path, module=model.module)
    with torch.no_grad():
        expected = wrapped(input_ids=torch.tensor([IDS[:-1]])).logits[0]
    assert (expected - ours(model, ())).abs().max() > 0.1  # it learnt something
    torch.testing.assert_close(ours(model, edits), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", ["llama", "qwen", "gpt2", "lfm2"])
def test_a_lora_on_the_fly_gives_the_logits_of_merged_weights(family: str, tmp_path: Path) -> None:
    model = HFModel.random(family)
    edits = adapter(model, 1, LowRank(rank=4, alpha=6.0, sites="linear"))
    wrapped: Any = peft.PeftModel.from_pretrained(copy.deepcopy(model.module), save(tmp_path / "ann", edits))
    merged = wrapped.merge_and_unload().eval()
    assert not any("lora" in name for name, _ in merged.named_parameters())
    with torch.no_grad():
        expected = merged(input_ids=torch.tensor([IDS[:-1]])).logits[0]
    torch.testing.assert_close(ours(model, edits), expected, rtol=0, atol=1e-5)


def saved(tmp_path: Path, **more: str) -> Path:
    model = HFModel.random("llama")
    return save(tmp_path / "ann", adapter(model, 1, LowRank(rank=2)), **more)


def test_an_adapter_for_another_base_is_refused(tmp_path: Path) -> None:
    folder = saved(tmp_path, digest="aaaa")
    assert load(folder, digest="aaaa")
    with pytest.raises(BadInput, match="belongs to the base aaaa, not to bbbb"):
        load(folder, digest="bbbb")
    with pytest.raises(BadInput, match=r"q_proj is \(64, 64\) in the base, the adapter wants \(32, 32\)"):
        load(folder, module=HFModel.random("llama", width=64).module)
    with pytest.raises(BadInput, match=r"the base has no model\.layers"):
        load(folder, module=HFModel.random("gpt2").module)


def test_a_rank_that_does_not_fit_is_named(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | {"r": 5}))
    with pytest.raises(BadInput, match="A has rank 2, B 2, the config 5"):
        load(folder)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "adapter_config.json").unlink(), r"adapter_config\.json: no such file"),
        (lambda f: (f / "adapter_config.json").write_text('{"peft_type"'), "not JSON"),
        (lambda f: (f / "adapter_config.json").write_text('{"peft_type": "IA3"}'), "peft_type is 'IA3'"),
        (lambda f: (f / "adapter_model.safetensors").rename(f / "adapter_model.bin"), "a pickle is never loaded"),
        (lambda f: _cut(f / "adapter_model.safetensors", 200), "not a whole safetensors file"),
        (lambda f: _cut(f / "adapter_model.safetensors", -40), "not a whole safetensors file"),
    ],
)
def test_a_damaged_folder_is_one_clear_error(damage: Any, message: str, tmp_path: Path) -> None:
    folder = saved(tmp_path)
    damage(folder)
    with pytest.raises(BadInput, match=message):
        load(folder)


def _cut(file: Path, end: int) -> None:
    file.write_bytes(file.read_bytes()[:end])


def test_what_lora_cannot_hold_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    before = (folder / "adapter_model.safetensors").read_bytes()
    with pytest.raises(BadInput, match="which PEFT's LoRA cannot hold"):
        save(folder, (Edit(site="model.layers.0", formula=Shift().formula, rows={"shift": torch.zeros(32)}),))
    assert (folder / "adapter_model.safetensors").read_bytes() == before


def test_a_disk_that_fails_half_way_leaves_the_old_adapter_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path)
    before = load(folder)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("idiolect.training.export.writing.save_file", full)
    with pytest.raises(StoreError, match="No space left"):
        save(folder, before[:1])
    assert len(load(folder)) == len(before)
    assert [p.name for p in tmp_path.iterdir()] == ["ann"]


def test_an_adapter_that_cannot_be_put_in_place_leaves_the_old_one_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path)
    rename, calls = os.rename, iter(range(9))

    def second_fails(old: Path, new: Path) -> None:
        if next(calls) == 1:
            raise OSError(28, "No space left on device")
        rename(old, new)

    monkeypatch.setattr(versions, "_exchanged", lambda *_: False)
    monkeypatch.setattr(versions.os, "rename", second_fails)
    with pytest.raises(StoreError, match=r"ann: cannot be written .* what was there is untouched"):
        save(folder, load(folder)[:1])
    assert len(load(folder)) == 4
    assert [p.name for p in tmp_path.iterdir()] == ["ann"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"init_lora_weights": "pissa"}, "other base weights belong to it"),
        ({"init_lora_weights": "olora"}, "other base weights belong to it"),
        ({"alora_invocation_tokens": [90]}, r"alora_invocation_tokens = \[90\] is not plain LoRA"),
        ({"some_later_variant": True}, "some_later_variant = True is not plain LoRA"),
    ],
)
def test_a_variant_that_computes_something_else_is_refused(
    option: dict[str, Any], message: str, tmp_path: Path
) -> None:
    folder = saved(tmp_path)
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps(config | option))
    with pytest.raises(BadInput, match=message):
        load(folder)


def test_every_option_of_pefts_own_default_is_plain(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    config = json.loads((folder / "adapter_config.json").read_text())
    usual = peft.LoraConfig(r=2, lora_alpha=8, init_lora_weights="gaussian").to_dict()
    plain = {k: sorted(v) if isinstance(v, set) else v for k, v in usual.items()}
    (folder / "adapter_config.json").write_text(json.dumps(plain | config, default=str))
    assert len(load(folder)) == 4


def test_half_precision_keeps_the_scale_exact(tmp_path: Path) -> None:
    edits = adapter(HFModel.random("llama"), 1, LowRank(rank=7, alpha=16.0))
    half = tuple(replace(e, rows={k: t.bfloat16() if k != "scale" else t for k, t in e.rows.items()}) for e in edits)
    assert float(load(save(tmp_path / "ann", half))[0].rows["scale"]) == pytest.approx(16 / 7, rel=1e-6)
