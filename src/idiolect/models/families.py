"""Small models with random weights, one for each family that `hf` opens: for tests and for trying things out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from idiolect.core.errors import UnknownName
from idiolect.core.layout import CHAT_TEMPLATE

SPECIAL = ("<|pad|>", "<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
ENDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
# Of the weights. At the usual 0.02 a small model gives nearly the same logits to any text; at 0.2 log-probabilities
# reach -38, where float32 itself rounds by 2e-5 between one batch size and another (float64: 2e-14).
SPREAD = 0.1


def build(family: str, *, seed: int, layers: int, width: int, vocab: int, positions: int) -> Any:
    """A module of `layers` blocks and width d, in fp32; the same for the same seed, whatever was drawn before.

    Raises:
        UnknownName: a family other than llama, qwen, lfm2, gpt2.
    """
    if family not in FAMILIES:
        raise UnknownName("model family", family, FAMILIES)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = FAMILIES[family](layers, width, vocab, positions)
    return module.eval()


def byte_tokenizer() -> Any:
    """One token a byte, and the markers of our own chat template: any Unicode goes through."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    library: Any = transformers
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate((*SPECIAL, *letters))}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return library.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=SPECIAL[0],
        bos_token=SPECIAL[1],
        eos_token=SPECIAL[2],
        additional_special_tokens=list(SPECIAL[3:]),
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
    )


def _made(name: str, options: dict[str, Any]) -> Any:
    import transformers

    head = "LMHeadModel" if name == "GPT2" else "ForCausalLM"
    return getattr(transformers, name + head)(getattr(transformers, f"{name}Config")(**options))


def _llama(layers: int, width: int, vocab: int, positions: int) -> Any:
    return _made("Llama", _common(layers, width, vocab, positions))


def _qwen(layers: int, width: int, vocab: int, positions: int) -> Any:
    return _made("Qwen2", _common(layers, width, vocab, positions))


def _lfm2(layers: int, width: int, vocab: int, positions: int) -> Any:
    kinds = ["full_attention" if i % 2 else "conv" for i in range(layers)]
    more = {"conv_L_cache": 4, "block_auto_adjust_ff_dim": False, "layer_types": kinds}
    return _made("Lfm2", _common(layers, width, vocab, positions) | more)


def _gpt2(layers: int, width: int, vocab: int, positions: int) -> Any:
    size = {"n_layer": layers, "n_embd": width, "n_head": 4, "n_positions": positions, "vocab_size": vocab}
    still = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "initializer_range": SPREAD}
    return _made("GPT2", size | still | ENDS)


def _common(layers: int, width: int, vocab: int, positions: int) -> dict[str, Any]:
    return ENDS | {
        "num_hidden_layers": layers,
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": vocab,
        "max_position_embeddings": positions,
        "initializer_range": SPREAD,
        "tie_word_embeddings": False,
    }


FAMILIES: dict[str, Callable[..., Any]] = {"llama": _llama, "qwen": _qwen, "lfm2": _lfm2, "gpt2": _gpt2}
