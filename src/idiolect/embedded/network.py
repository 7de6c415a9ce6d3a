"""The small decoder: short convolution and full attention in turn (LFM2), in plain Hugging Face form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import Lfm2Config, Lfm2ForCausalLM
from transformers.models.lfm2 import modeling_lfm2

from idiolect.core.layout import FINGERPRINT
from idiolect.embedded.lesson import VALUE, Segments
from idiolect.embedded.tokenizer import as_transformers


@dataclass(frozen=True, kw_only=True)
class Shape:
    """About 2.4 million parameters at the defaults."""

    layers: int = 6
    width: int = 160
    heads: int = 5
    inner: int = 384
    kernel: int = 4
    positions: int = 2048


def build(shape: Shape, vocabulary: int) -> Lfm2ForCausalLM:
    """A fresh model; the second set of names is what vLLM reads."""
    kinds = ["conv" if i % 2 == 0 else "full_attention" for i in range(shape.layers)]
    config = Lfm2Config(
        vocab_size=vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        block_auto_adjust_ff_dim=False,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.heads,
        max_position_embeddings=shape.positions,
        conv_L_cache=shape.kernel,
        layer_types=kinds,
        tie_word_embeddings=True,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
    )
    config.update(dict.fromkeys(("conv_dim", "conv_dim_out", "block_dim"), shape.width))
    config.update({"block_ff_dim": shape.inner, "block_multiple_of": 1, "block_norm_eps": 1e-5})
    config.update({"idiolect_layout": FINGERPRINT})
    return Lfm2ForCausalLM(config)


def save(model: Lfm2ForCausalLM, tok: Tokenizer, folder: Path) -> None:
    """An ordinary model folder, bf16 on disk."""
    half = {k: v.to(torch.bfloat16) for k, v in model.state_dict().items()}
    model.save_pretrained(folder, state_dict=half)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "dtype": "bfloat16"}, indent=2) + "\n")
    as_transformers(tok).save_pretrained(folder)


def shifted(
    hidden_states: Tensor, weight: Tensor, bias: Tensor | None = None, activation: str | None = None, **_: object
) -> Tensor:
    """Depthwise causal convolution as a sum of shifted products: faster than `conv1d` in training on a CPU.

    hidden_states (B, d, T), weight (d, kernel) -> (B, d, T).
    """
    k, n = weight.shape[-1], hidden_states.shape[-1]
    x = torch.nn.functional.pad(hidden_states, (k - 1, 0))
    return sum((x[..., i : i + n] * weight[:, i, None] for i in range(1, k)), x[..., :n] * weight[:, 0, None])


def use_shifted_convolution() -> None:
    """For this process: the training run only; a served model keeps the library's own."""
    modeling_lfm2.causal_conv1d_fn = shifted


def encode(tok: Tokenizer, rows: Sequence[Segments]) -> list[tuple[list[int], list[float]]]:
    """Token ids and loss weights of each row; the first piece of a value weighs one more, since it selects."""
    flat = iter(tok.encode_batch_fast([t for row in rows for t, _ in row], add_special_tokens=False))
    out = []
    for row in rows:
        ids: list[int] = []
        weights: list[float] = []
        for _, w in row:
            piece = next(flat).ids
            ids += piece
            weights += [w + 1.0, *[w] * (len(piece) - 1)] if w == VALUE and piece else [w] * len(piece)
        out.append((ids, weights))
    return out


def pad(rows: Sequence[tuple[list[int], list[float]]], length: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Ids (B, T) and weights (B, T), zeros to the right."""
    n = length or max(len(i) for i, _ in rows)
    ids, weights = np.zeros((len(rows), n), np.int64), np.zeros((len(rows), n), np.float32)
    for j, (i, w) in enumerate(rows):
        ids[j, : len(i)], weights[j, : len(w)] = i, w
    return ids, weights


@torch.no_grad()
def exact(model: Lfm2ForCausalLM, tok: Tokenizer, pairs: Sequence[tuple[str, str]], batch: int = 64) -> list[bool]:
    """Whether the greedy answer to each prompt is exactly the given one: one forward pass, every arg-max right."""
    rows = encode(tok, [[(p, 0.0), (a, 1.0), ("<|end|>", 1.0)] for p, a in pairs])
    order = sorted(range(len(rows)), key=lambda i: len(rows[i][0]))
    out = [False] * len(rows)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        ids, weights = (torch.from_numpy(x) for x in pad([rows[i] for i in part]))
        guess = model(input_ids=ids).logits.argmax(-1)
        right = ((guess[:, :-1] == ids[:, 1:]) | (weights[:, 1:] == 0)).all(1)
        for i, x in zip(part, right.tolist(), strict=True):
            out[i] = x
    return out
