"""PrefEval's accuracy of following a preference, and its four kinds of error (Zhao et al. 2025).

A judge answers four questions of a response: does it acknowledge the preference (A), if so is its restatement
hallucinated (H), does it violate the preference (V), is it helpful (U)?

    unaware        not A, V, U            hallucination  A, H, V, U
    inconsistent   A, not H, V, U         unhelpful      not U            correct  none of these
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from idiolect.evaluation.metrics.card import Card, Floats, Mean, Named, ratio

KINDS = ("correct", "unaware", "hallucination", "inconsistent", "unhelpful")


class Checks(NamedTuple):
    """What the judge says of one response; `hallucinated` is not read where nothing is acknowledged."""

    acknowledged: bool
    hallucinated: bool
    violated: bool
    helpful: bool


def kind(checks: Checks) -> str:
    """One of `KINDS`: each of the sixteen answers is exactly one."""
    if not checks.helpful:
        return "unhelpful"
    if not checks.violated:
        return "correct"
    if not checks.acknowledged:
        return "unaware"
    return "hallucination" if checks.hallucinated else "inconsistent"


@dataclass(frozen=True)
class PrefEval(Mean, Named):
    """Predictions: the judge's `Checks` of each response."""

    card = Card(formula="share of responses without any of the four errors", source="Zhao et al. 2025", alone=True)

    def statistics(self, predictions: Sequence[Checks], references: Sequence[object]) -> Floats:
        """(n, 5): one 1 each, under its kind."""
        kinds = [KINDS.index(kind(Checks(*p))) for p in predictions]
        return np.eye(len(KINDS))[kinds].reshape(-1, len(KINDS))

    def shares(self, statistics: Floats, weights: Floats) -> dict[str, float]:
        """The share of each kind, under (n,) weights."""
        found = ratio(weights @ statistics, weights.sum())
        return dict(zip(KINDS, found.tolist(), strict=True))


metric = PrefEval()
