"""ROUGE-L: F1 of the longest common subsequence of words (Lin 2004), by the package `rouge-score`, without stemming."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.metrics import Floats, Mean


class RougeL(Mean):
    """Words are lower-cased runs of letters and digits; 1 is the same sequence."""

    higher_is_better = True

    @cached_property
    def signature(self) -> str:
        return f"rouge_l@1 rouge-score={version('rouge-score')} stemmer=no"

    @cached_property
    def _scorer(self) -> Any:
        try:
            from rouge_score.rouge_scorer import RougeScorer
        except ImportError as error:
            raise MissingExtra("rouge-score", "eval") from error
        return RougeScorer(["rougeL"], use_stemmer=False)

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): F1 of each pair."""
        pairs = zip(predictions, references, strict=True)
        scores = [[self._scorer.score(r, p)["rougeL"].fmeasure] for p, r in pairs]
        return np.array(scores, dtype=np.float64).reshape(-1, 1)


metric = RougeL()
