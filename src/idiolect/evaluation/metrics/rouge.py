"""ROUGE by the package `rouge-score`: one scorer, one score a pair."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.evaluation.metrics.card import Floats, Mean, Named, column
from idiolect.evaluation.metrics.words import words


class Words:
    """A tokenizer for `rouge-score` that knows letters of every script."""

    def tokenize(self, text: str) -> list[str]:
        return words(text)


@dataclass(frozen=True)
class Rouge(Mean, Named):
    """F1 without stemming.

    Args:
        stemmer: Porter's, on words of more than three letters: another number, so it stands in the signature.
        script: ``latin`` is the library's reading (a-z and 0-9, all else parts words); ``any`` reads every script.
    """

    stemmer: bool = False
    script: str = "latin"
    kind: ClassVar[str]

    @cached_property
    def _scorer(self) -> Any:
        if self.script not in ("latin", "any"):
            raise BadInput(self.name, f"there is no script {self.script!r}", "Set script to latin or any")
        try:
            from rouge_score.rouge_scorer import RougeScorer
        except ImportError as error:
            raise MissingExtra("rouge-score", "eval") from error
        return RougeScorer([self.kind], use_stemmer=self.stemmer, tokenizer=Words() if self.script == "any" else None)

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1): F1 of each pair."""
        score, kind = self._scorer.score, self.kind
        return column([score(r, p)[kind].fmeasure for p, r in zip(predictions, references, strict=True)])
