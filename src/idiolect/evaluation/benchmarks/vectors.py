"""Sentence vectors that are kept between runs: a benchmark's texts are encoded once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.retrieval.dense import MiniLM, key
from idiolect.retrieval.protocol import Encoder


class Kept:
    """An encoder with a folder of ``NAME.json`` (texts) and ``NAME.npy`` (their rows); what is new is added to it."""

    def __init__(self, folder: Path, encoder: Encoder | None = None) -> None:
        self._folder, self._encoder = folder, encoder or MiniLM()
        self._rows: dict[bytes, NDArray[np.float32]] = {}
        for file in sorted(folder.glob("*.json")):
            rows = file.with_suffix(".npy")
            texts = json.loads(file.read_text(encoding="utf-8")) if rows.is_file() else []
            vectors = np.load(rows, mmap_mode="r", allow_pickle=False) if texts else ()
            if len(texts) == len(vectors):  # a pair that was cut off is made again
                self._rows.update(zip(map(key, texts), vectors, strict=True))

    @property
    def dim(self) -> int:
        return self._encoder.dim

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n,) texts -> (n, dim), unit rows."""
        new = list({key(t): t for t in texts if key(t) not in self._rows}.values())
        if new:
            vectors = self._encoder.encode(new)
            self._rows.update(zip(map(key, new), vectors, strict=True))
            self._keep(new, vectors)
        return np.stack([self._rows[key(t)] for t in texts]) if texts else np.zeros((0, self.dim), np.float32)

    def _keep(self, texts: list[str], vectors: NDArray[np.float32]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = self._folder / f"kept-{key(json.dumps(texts)).hex()[:12]}"
        np.save(name.with_suffix(".npy"), vectors)
        name.with_suffix(".json").write_text(json.dumps(texts), encoding="utf-8")
