"""How large is a difference, by several measures at once, and how small a one could have been found?

| measure | reads | does not read |
|---|---|---|
| mean difference with limits | points of the metric | how much users differ |
| Cohen's d, paired | mean over standard deviation of the users' differences | points |
| Cliff's delta | how often one side's user is above the other's | distances |
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics import Floats
from idiolect.evaluation.significance.bootstrap import LEVEL, PLACES, POWER, Interval, paired, reach
from idiolect.evaluation.significance.chance import holm, permutation, wilcoxon
from idiolect.evaluation.significance.wording import words


def cohen_d(differences: Sequence[float] | Floats) -> float:
    """Mean over standard deviation of paired differences (Cohen 1988: d_z); infinite where all are the same."""
    values = np.asarray(differences, dtype=np.float64)
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else math.nan
    if spread > 1e-12 or math.isnan(spread):
        return mean / spread
    return math.copysign(math.inf, mean) if mean else 0.0


def cliffs_delta(a: Sequence[float] | Floats, b: Sequence[float] | Floats) -> float:
    """P(a > b) - P(a < b) over all pairs of one from each side (Cliff 1993), in [-1, 1]."""
    ordered = np.sort(np.asarray(b, dtype=np.float64))
    below, above = np.searchsorted(ordered, a, "left"), len(ordered) - np.searchsorted(ordered, a, "right")
    return float((below - above).mean() / len(ordered))


def detectable(
    differences: Sequence[float] | Floats, *, level: float = LEVEL, power: float = POWER, comparisons: int = 1
) -> float:
    """The smallest true mean difference that as many users, as unlike as these, would show with that power.

    Args:
        comparisons: how many share the level (Bonferroni).
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2:
        raise BadInput("detectable difference", f"{len(values)} users do not say how they differ", "Take two or more")
    return reach(level / comparisons, power) * float(values.std(ddof=1)) / math.sqrt(len(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One side against another, paired over users; above 0 the first is better. `holm_p` is adjusted over a family."""

    name: str
    against: str
    interval: Interval
    permutation_p: float
    wilcoxon_p: float
    cohen_d: float
    cliffs_delta: float
    detectable: float
    better: int
    worse: int
    holm_p: float

    @property
    def clear(self) -> bool:
        """Whether noise does not explain it: the limits leave out 0, and p stays small among so many comparisons."""
        return self.interval.clear and self.holm_p <= LEVEL

    @property
    def sentence(self) -> str:
        """What may be said of it."""
        said = words(self.name, self.interval, self.against)
        if self.interval.clear and not self.clear:
            return f"{said} Among so many comparisons it cannot be told from noise (p = {self.holm_p:.3f} after Holm)."
        return said


def effect(
    name: str, scores: Mapping[str, float], against: str, others: Mapping[str, float], *, sign: int = 1, seed: int = 0
) -> Effect:
    """Everything about one comparison, over the users that both sides have.

    Args:
        scores, others: one number a user. sign: -1 where lower scores are better.

    Raises:
        BadInput: fewer than two users are on both sides, or a score is no number.
    """
    users = sorted(scores.keys() & others.keys())
    if len(users) < 2:
        raise BadInput(f"{name} against {against}", f"{len(users)} users are on both sides", "Compare the same users")
    a, b = (sign * np.array([side[u] for u in users], dtype=np.float64) for side in (scores, others))
    values = (a - b).round(PLACES)
    interval = paired(values, seed=seed)
    p = permutation(values, seed=seed)
    return Effect(
        name=name,
        against=against,
        interval=interval,
        permutation_p=p,
        wilcoxon_p=wilcoxon(values),
        cohen_d=cohen_d(values),
        cliffs_delta=cliffs_delta(a, b),
        detectable=detectable(values),
        better=int((values > 0).sum()),
        worse=int((values < 0).sum()),
        holm_p=p,
    )


def family(effects: Sequence[Effect]) -> list[Effect]:
    """The same with `holm_p` adjusted: of many comparisons some look clear by chance."""
    adjusted = holm([e.permutation_p for e in effects])
    return [replace(e, holm_p=p) for e, p in zip(effects, adjusted, strict=True)]
