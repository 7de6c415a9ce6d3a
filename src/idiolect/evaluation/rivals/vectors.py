"""The sentence vectors that every system gets: made before the clock starts, kept between runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.evaluation.benchmarks.vectors import Kept
from idiolect.retrieval.dense import MiniLM
from idiolect.retrieval.split import pieces


class Shared(Kept):
    """MiniLM, with the table of its words, which our search reads; the others want whole texts alone."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, MiniLM())

    def words(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """(n,) terms -> (n, 384), rows of unit length."""
        return MiniLM().words(terms)

    def prepare(self, texts: Iterable[str]) -> None:
        """Encodes texts, and the pieces that ours cuts long ones into."""
        self.encode(list(dict.fromkeys(part for text in texts for part in (text, *pieces(text)))))
