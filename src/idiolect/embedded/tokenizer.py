"""Byte-level BPE in which a capital is a mark and the small letter, so that a word has the same pieces in any case.

Any text comes back unchanged: the mark is a private-use character, and escaped where a text holds it.
"""

from __future__ import annotations

import string
from random import Random
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from idiolect.core.layout import CHAT_TEMPLATE
from idiolect.embedded.lesson import BOS, END, SPECIAL
from idiolect.embedded.mixture import TOP, draw
from idiolect.simulation.language import Language

UP = "\ue000"
ESCAPED = f"{UP}\ue001"
CAPITALS = [(f" {c}", f"{UP} {c.lower()}") for c in string.ascii_uppercase]
CAPITALS += [(c, f"{UP}{c.lower()}") for c in string.ascii_uppercase]


def decoder() -> decoders.Decoder:
    """Marks become capitals again; one without its letter is dropped, so that text can be streamed piece by piece."""
    restore = [decoders.Replace(b, a) for a, b in CAPITALS]
    held = [decoders.Replace(Regex(f"{UP}(?!{ESCAPED[1:]})"), ""), decoders.Replace(ESCAPED, UP)]
    return decoders.Sequence([decoders.ByteLevel(), *restore, *held])


def train_tokenizer(lang: Language, *, vocabulary: int = 4096, seed: int = 0, lessons: int = 4000) -> Tokenizer:
    """A tokenizer on lessons of the mixture; every known word becomes one piece, fresh words are made of several."""
    tok = Tokenizer(models.BPE())
    replace = [normalizers.Replace(UP, ESCAPED), *(normalizers.Replace(a, b) for a, b in CAPITALS)]
    tok.normalizer = normalizers.Sequence(replace)
    tok.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(UP, "isolated"),
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tok.decoder = decoder()
    r = Random(seed)
    texts = []
    for _ in range(lessons):
        text = "".join(t for t, _ in draw(r, lang, r.randint(1, TOP)).segments())
        for special in SPECIAL:
            text = text.replace(special, "\n")
        texts.append(text)
    texts += [" " + " ".join(sorted(lang.known))] * (lessons // 4)
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tok.train_from_iterator(texts, trainer)
    return tok


def as_transformers(tok: Tokenizer) -> PreTrainedTokenizerFast:
    """The same as an ordinary Hugging Face tokenizer, with the chat template."""
    make: Any = PreTrainedTokenizerFast
    wrapped: PreTrainedTokenizerFast = make(
        tokenizer_object=tok,
        bos_token=BOS,
        eos_token=END,
        pad_token=SPECIAL[0],
        additional_special_tokens=SPECIAL[3:],
        chat_template=CHAT_TEMPLATE,
        clean_up_tokenization_spaces=False,
        model_max_length=2048,
    )
    return wrapped
