"""Is anybody worse off for being known? Losses by group, under what each person could have reported.

One example is one person, or one group's mean. Prediction: his loss under each report: `GENERIC` for the model that
knows no group, and the name of a group for its personalised model. Reference: the group that he is of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Floats, Named, ratio
from idiolect.evaluation.metrics.labels import code

GENERIC = ""


@dataclass(frozen=True, slots=True)
class Group:
    """`gain`: generic loss less own; below 0 the group is harmed. `envy`: own loss less that under the best other
    report; above 0 the group would do better to lie. NaN where no other report was tried."""

    gain: float
    envy: float


@dataclass(frozen=True)
class Audited(Named):
    """What both audits read."""

    def statistics(self, predictions: Sequence[Mapping[str, float]], references: Sequence[str]) -> Floats:
        """(n, 3 + 2 G): the group's code, generic and own loss, the loss under each of G reports, whether it is there.

        Raises:
            BadInput: the loss of the generic model, or under the person's own group, is missing.
        """
        reports = sorted({name for p in predictions for name in p if name != GENERIC})
        rows = []
        for place, (losses, group) in enumerate(zip(predictions, references, strict=True)):
            if GENERIC not in losses or group not in losses:
                fix = f"Give the loss under {GENERIC!r} (no report) and under his own group {group!r}"
                raise BadInput(self.name, f"example {place} lacks one of the two losses that are compared", fix)
            others = [losses.get(r, 0.0) for r in reports]
            there = [float(r in losses and r != group) for r in reports]
            rows.append([code(group), losses[GENERIC], losses[group], *others, *there])
        return np.array(rows, dtype=np.float64).reshape(-1, 3 + 2 * len(reports))

    def audit(self, statistics: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Gain and envy of each group, (..., groups), under (..., n) weights; NaN where a group is not there."""
        gains, envies = [], []
        for group in np.unique(statistics[:, 0]):
            mine = statistics[:, 0] == group
            gain, envy = _losses(statistics[mine], weights[..., mine])
            gains.append(gain)
            envies.append(envy)
        return np.stack(gains, axis=-1), np.stack(envies, axis=-1)

    def groups(self, predictions: Sequence[Mapping[str, float]], references: Sequence[str]) -> dict[str, Group]:
        """By name, each group's gain and envy."""
        statistics = self.statistics(predictions, references)
        gains, envies = self.audit(statistics, np.ones(len(statistics)))
        order = sorted(set(references), key=code)
        return {g: Group(float(a), float(b)) for g, a, b in zip(order, gains, envies, strict=True)}


def _losses(rows: Floats, weights: Floats) -> tuple[Floats, Floats]:
    size = weights.sum(axis=-1)
    generic, own = ratio(weights @ rows[:, 1], size), ratio(weights @ rows[:, 2], size)
    others, there = np.split(rows[:, 3:], 2, axis=1)
    # a report is compared on those of the group whose loss under it is known
    envy = ratio(weights @ (there * (rows[:, 2:3] - others)), weights @ there)
    known = ~np.isnan(envy)
    best = np.where(known, envy, -np.inf).max(axis=-1, initial=-np.inf)
    return generic - own, np.where(np.isfinite(best), best, np.nan)
