"""BLEU as surveys of personalisation write it: precision of the different words, with a penalty for brevity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, column
from idiolect.evaluation.metrics.words import words


@dataclass(frozen=True)
class SurveyBLEU(Mean, Named):
    """One order of n-grams, no counts, a mean over texts. Report `bleu`; this one is for comparison."""

    card = Card(
        formula="|S ∩ R| / |S| · min(1, exp(1 - r/c)), sets of words",
        source="Table 5 of the survey of personalised language models",
    )

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): of each pair; 0 where nothing was said."""
        return column([_score(words(p), words(r)) for p, r in zip(predictions, references, strict=True)])


def _score(said: Sequence[str], gold: Sequence[str]) -> float:
    if not said:
        return 0.0
    brevity = math.exp(min(0.0, 1 - len(gold) / len(said)))
    return brevity * len(set(said) & set(gold)) / len(set(said))


metric = SurveyBLEU()
