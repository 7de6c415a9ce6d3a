"""Questions with several replies to choose from: how they are put, and which letter an answer means."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from idiolect.evaluation.metrics import Floats, Mean

LETTERS = "ABCD"
FORMS = (  # tried in this order: a bare "a" is an article far more often than an option
    re.compile(r"^\W*([A-D])\s*(?:[.,:;)\]*]|$)", re.IGNORECASE),
    re.compile(r"\(([A-D])\)", re.IGNORECASE),
    re.compile(r"\b(?:answer|option|choice)\b(?:\s+is)?\W{1,4}([A-D])\b", re.IGNORECASE),
    re.compile(r"\b([B-D])\b"),
)


def put(question: str, options: Sequence[str]) -> str:
    """The question, its options by letters, and what is wanted."""
    lines = [f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=True)]
    return "\n".join([question, *lines, "Answer with the letter alone."])


def letter(text: str) -> str:
    """The option that an answer means; empty where it means none."""
    return next((found[1].upper() for form in FORMS if (found := form.search(text))), "")


@dataclass(frozen=True)
class Chosen(Mean):
    """The share of answers that mean the right option; one that means none is wrong."""

    signature: str = "option@1"
    higher_is_better: ClassVar[bool] = True

    def statistics(self, predictions: Sequence[str], references: Sequence[str]) -> Floats:
        """(n, 1); references: letters."""
        pairs = zip(predictions, references, strict=True)
        return np.array([[float(letter(p) == r)] for p, r in pairs], dtype=np.float64).reshape(-1, 1)
