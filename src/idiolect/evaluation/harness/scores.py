"""What one answer is worth, by name of a metric; the harness takes the mean over documents."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from idiolect.evaluation import metrics
from idiolect.retrieval.bm25 import words


def accuracy(document: Mapping[str, Any], answers: Sequence[str]) -> dict[str, float]:
    """Right or wrong, white space and case apart."""
    return {"accuracy": float(answers[0].strip().casefold() == document["target"].strip().casefold())}


def rating(document: Mapping[str, Any], answers: Sequence[str]) -> dict[str, float]:
    """How far the first number lies from the wanted one, on a scale of 1 to 5."""
    return {"mae": _one("mae", answers[0], document["target"])}


def overlap(document: Mapping[str, Any], answers: Sequence[str]) -> dict[str, float]:
    """ROUGE-1 and ROUGE-L."""
    return {name: _one(name, answers[0], document["target"]) for name in ("rouge_1", "rouge_l")}


def option(document: Mapping[str, Any], answers: Sequence[str]) -> dict[str, float]:
    """Whether the first letter that stands alone is the right option's."""
    found = re.search(r"\b([A-D])\b", answers[0])
    return {"accuracy": float(found is not None and found[1] == document["target"])}


def recalled(document: Mapping[str, Any], answers: Sequence[str]) -> dict[str, float]:
    """ROUGE-1, and whether the answer holds the wanted words in their order. Not the judge of LongMemEval's authors."""
    said, wanted = words(answers[0]), words(document["target"])
    places = range(len(said) - len(wanted) + 1)
    holds = bool(wanted) and any(said[i : i + len(wanted)] == wanted for i in places)
    return {"contains": float(holds), "rouge_1": _one("rouge_1", answers[0], document["target"])}


def _one(name: str, answer: str, target: str) -> float:
    metric = metrics.get(name)
    return float(metric.reduce(metric.statistics([answer], [target]), np.ones(1)))
