"""Exact match: the share of texts that are equal character for character, white space at the ends apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column


@dataclass(frozen=True)
class Exact(Mean, Named):
    """For texts in which casing and punctuation are the point, as in a user's style."""

    card = Card(formula="share of examples with S = R, character for character", source="our own")

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): 1 where the texts agree."""
        return column([float(p.strip() == r.strip()) for p, r in zip(predictions, references, strict=True)])


metric = Exact()
