"""ROUGE-1 as surveys of personalisation write it: recall of the reference's different words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column
from idiolect.evaluation.metrics.words import words


@dataclass(frozen=True)
class SurveyRouge1(Mean, Named):
    """No precision, and no counts: saying every word there is gives 1. Report `rouge_1`; this one is for comparison."""

    card = Card(formula="|S ∩ R| / |R|, sets of words", source="Table 5 of the survey of personalised language models")

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): the share of each reference; 0 where it has no word."""
        pairs = [(set(words(p)), set(words(r))) for p, r in zip(predictions, references, strict=True)]
        return column([len(said & gold) / max(len(gold), 1) for said, gold in pairs])


metric = SurveyRouge1()
