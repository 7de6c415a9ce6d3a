"""Patterns become module paths in every family."""

from __future__ import annotations

import pytest

from idiolect.core.errors import UnknownName
from idiolect.core.requests import Site
from idiolect.forward.sites import resolve
from idiolect.models.hf import HFModel


def paths(family: str, pattern: str, layers: int = 2) -> list[str]:
    return [s.path for s in resolve(HFModel.random(family, layers=layers).module, pattern)]


@pytest.mark.parametrize(
    ("family", "expected"),
    [
        ("llama", ["model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj"]),
        ("qwen", ["model.layers.0.self_attn.q_proj", "model.layers.0.self_attn.v_proj"]),
        ("lfm2", ["model.layers.1.self_attn.q_proj", "model.layers.1.self_attn.v_proj"]),
        ("gpt2", ["transformer.h.0.attn.c_attn"]),
    ],
)
def test_q_and_v_are_found_whatever_the_family_calls_them(family: str, expected: list[str]) -> None:
    assert paths(family, "q,v")[: len(expected)] == expected


@pytest.mark.parametrize(("family", "count"), [("llama", 14), ("qwen", 14), ("lfm2", 12), ("gpt2", 8)])
def test_linear_names_every_linear_inside_the_blocks(family: str, count: int) -> None:
    found = paths(family, "linear")
    assert len(set(found)) == len(found) == count
    assert not any("head" in p for p in found)


def test_a_site_knows_its_widths_and_its_block() -> None:
    module = HFModel.random("gpt2", width=32).module
    assert resolve(module, "up")[1] == Site("transformer.h.1.mlp.c_fc", 32, 128, 1)
    assert resolve(module, "down")[0] == Site("transformer.h.0.mlp.c_proj", 128, 32, 0)
    assert resolve(module, "head") == [Site("lm_head", 32, 262, -1)]


@pytest.mark.parametrize(
    ("pattern", "block"), [("blocks.0.5", 3), ("blocks.0.0", 0), ("blocks.1.0", 5), ("blocks.-1", 5), ("blocks.2", 2)]
)
def test_depth_is_a_fraction_or_an_index(pattern: str, block: int) -> None:
    assert paths("llama", pattern, layers=6) == [f"model.layers.{block}"]


def test_all_blocks_come_in_order() -> None:
    assert paths("llama", "blocks.*", layers=3) == [f"model.layers.{i}" for i in range(3)]


def test_a_pseudo_site_has_the_models_width() -> None:
    assert resolve(HFModel.random("llama", width=32).module, "prefix") == [Site("prefix", 32, 32)]


def test_a_path_names_itself() -> None:
    assert paths("llama", "model.layers.1.mlp.up_proj") == ["model.layers.1.mlp.up_proj"]


@pytest.mark.parametrize("pattern", ["qq", "blocks.7", "blocks.half", ""])
def test_an_unknown_place_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(UnknownName, match="no site called"):
        paths("llama", pattern)


@pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")  # raised inside peft
def test_paths_are_those_that_peft_uses() -> None:
    from peft import LoraConfig, get_peft_model

    model = HFModel.random("llama")
    wrapped = get_peft_model(model.module, LoraConfig(target_modules=["q_proj", "v_proj"], r=2))
    theirs = {n.removeprefix("base_model.model.").removesuffix(".lora_A") for n, _ in wrapped.named_modules()}
    assert {s.path for s in resolve(HFModel.random("llama").module, "q,v")} <= theirs
