"""ROUGE-L as surveys of personalisation write it: longest common subsequence over the reference's different words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column
from idiolect.evaluation.metrics.words import lcs, words


@dataclass(frozen=True)
class SurveyRougeL(Mean, Named):
    """Above 1 where words repeat: a sequence is divided by a set. Report `rouge_l`; this one is for comparison."""

    card = Card(
        formula="LCS(S, R) / |R|, R a set of words",
        source="Table 5 of the survey of personalised language models",
        high=float("inf"),
    )

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): of each pair; 0 where the reference has no word."""
        pairs = [(words(p), words(r)) for p, r in zip(predictions, references, strict=True)]
        return column([lcs(said, gold) / max(len(set(gold)), 1) for said, gold in pairs])


metric = SurveyRougeL()
