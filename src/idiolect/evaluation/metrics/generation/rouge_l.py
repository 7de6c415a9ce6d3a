"""ROUGE-L: F1 of the longest common subsequence of words (Lin 2004)."""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card
from idiolect.evaluation.metrics.rouge import Rouge


@dataclass(frozen=True)
class RougeL(Rouge):
    """Order matters, gaps do not: 1 is the same sequence."""

    kind = "rougeL"
    card = Card(
        formula="2PR / (P + R); P = LCS / len(S), R = LCS / len(R)",
        source="Lin 2004",
        library="rouge-score",
    )


metric = RougeL()
