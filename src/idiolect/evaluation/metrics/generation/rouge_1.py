"""ROUGE-1: F1 of the words that two texts share, each as often as both have it (Lin 2004)."""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card
from idiolect.evaluation.metrics.rouge import Rouge


@dataclass(frozen=True)
class Rouge1(Rouge):
    """Order does not matter: 1 is the same bag of words."""

    kind = "rouge1"
    card = Card(
        formula="2PR / (P + R); P = Σ min(count) / len(S), R = Σ min(count) / len(R)",
        source="Lin 2004",
        library="rouge-score",
    )


metric = Rouge1()
