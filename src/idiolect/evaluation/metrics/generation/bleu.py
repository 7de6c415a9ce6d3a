"""BLEU of a corpus (Papineni et al. 2002), counted by `sacrebleu`.

    BP exp(1/4 Σ_n log p_n)       p_n clipped n-gram precision       BP = 1 if c >= r else exp(1 - r / c)

The counts of all texts are added up before they are divided: BLEU is no mean of sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.evaluation.metrics.card import Card, Floats, Named

ORDER = 4
SMOOTHING = ("exp", "none")


@dataclass(frozen=True)
class BLEU(Named):
    """
    Args:
        smooth: ``exp`` halves the credit of each order without a match, as mteval-v13a does; ``none`` gives 0 then.
        tokenize: any tokenizer of sacrebleu: ``13a``, ``intl``, ``zh``, ``char``.
    """

    smooth: str = "exp"
    tokenize: str = "13a"
    card = Card(
        formula="100 BP exp(¼ Σ log p_n); BP = min(1, exp(1 - r/c))",
        source="Papineni et al. 2002",
        high=100.0,
        library="sacrebleu",
    )

    def notes(self) -> Sequence[str]:
        return ("case=mixed", "level=corpus")

    @cached_property
    def _scorer(self) -> Any:
        if self.smooth not in SMOOTHING:
            raise BadInput(self.name, f"there is no smoothing {self.smooth!r}", f"Use one of {', '.join(SMOOTHING)}")
        try:
            from sacrebleu.metrics import bleu
        except ImportError as error:
            raise MissingExtra("sacrebleu", "eval") from error
        if self.tokenize not in bleu.BLEU.TOKENIZERS:
            fix = f"Use one of {', '.join(bleu.BLEU.TOKENIZERS)}"
            raise BadInput(self.name, f"sacrebleu has no tokenizer {self.tokenize!r}", fix)
        return bleu.BLEU(tokenize=self.tokenize, effective_order=True)  # keeps it quiet; counts are the same

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 10): lengths c and r, matches of orders 1 to 4, n-grams of orders 1 to 4."""
        count = self._scorer.sentence_score
        scores = [count(p, [r]) for p, r in zip(predictions, references, strict=True)]
        rows = [[s.sys_len, s.ref_len, *s.counts, *s.totals] for s in scores]
        return np.array(rows, dtype=np.float64).reshape(-1, 2 + 2 * ORDER)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(...) under (..., n) weights."""
        sums = weights @ statistics
        said, gold, hits, grams = sums[..., 0], sums[..., 1], sums[..., 2 : 2 + ORDER], sums[..., 2 + ORDER :]
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.smooth == "exp":  # the k-th order without a match counts as 1 / 2^k of one match
                hits = np.where(hits > 0, hits, 0.5 ** np.cumsum(hits == 0, axis=-1))
            precision = np.where(grams > 0, hits / grams, 0.0)
            brevity = np.exp(np.minimum(0.0, 1 - gold / said))
            score = 100 * brevity * np.exp(np.log(precision).mean(axis=-1))
        found: Floats = np.where((sums[..., 2 : 2 + ORDER] > 0).any(axis=-1), score, 0.0)
        return found


metric = BLEU()
