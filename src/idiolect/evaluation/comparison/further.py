"""The same answers by the other metrics that their data set is reported in: macro-F1, RMSE and the like.

These are no means over answers, so that users are weighed and the metric reduces, here and in every resample.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.evaluation import metrics
from idiolect.evaluation.comparison.answers import Arm, Arms
from idiolect.evaluation.metrics import Metric, checked
from idiolect.evaluation.metrics.card import Floats
from idiolect.evaluation.significance import Interval, compare

CONTROLS = ("base", "swapped", "pooled", "copy", "cousin")


def further(arms: Arms, named: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """One mapping a method, task and metric, as plain data: its value on every arm, the gain over none and over
    another user's data with limits (above 0 is better; None where too few users leave nothing to measure).

    Args:
        named: names of metrics by task.
    """
    return [
        _row(arms, method, task, metrics.get(name))
        for method, task in arms.cells
        if arms.get(method, task)
        for name in named.get(task, ())
    ]


def _row(arms: Arms, method: str, task: str, metric: Any) -> dict[str, Any]:
    own = arms.get(method, task)
    assert own is not None
    others = {name: arms.get(method, task, name) for name in CONTROLS}
    found: dict[str, Any] = {
        "method": method,
        "task": task,
        "metric": metric.name,
        "signature": metric.signature,
        "higher_is_better": metric.higher_is_better,
        "users": len(own.scores),
        "score": _value(metric, own),
        **{name: _value(metric, arm) if arm else None for name, arm in others.items()},
    }
    for said, name in (("gain", "base"), ("over_swapped", "swapped")):
        interval = _over(metric, own, others[name])
        limits = (interval.mean, interval.low, interval.high) if interval else (None, None, None)
        found |= dict(zip((said, f"{said}_low", f"{said}_high"), limits, strict=True))
    return found


def _value(metric: Metric, arm: Arm) -> float:
    """Every user weighs the same."""
    predictions, targets, owners = _texts(arm, list(_placed(arm)))
    return metrics.value(metric, predictions, targets, owners)


def _over(metric: Metric, own: Arm, other: Arm | None) -> Interval | None:
    """Own minus other on the questions, and seeds, that both answered; of a control that has one seed, that one."""
    if other is None:
        return None
    shared = [key for key in _placed(own) if key in _placed(other)]
    if not shared:
        return None
    sides: list[Floats] = []
    owners: list[str] = []
    for arm in (own, other):
        predictions, targets, owners = _texts(arm, shared)
        sides.append(_statistics(metric, predictions, targets))
    try:
        return compare(metric, sides[0], sides[1], owners)
    except BadInput:  # a draw of these users leaves nothing to measure
        return None


def _statistics(metric: Metric, predictions: Sequence[str], targets: Sequence[str]) -> Floats:
    return checked(metric, metric.statistics(predictions, targets))


def _placed(arm: Arm) -> dict[tuple[str, str, int], Mapping[str, Any]]:
    """Its answers by user, query and seed."""
    return {(e["user"], e["query"], e["seed"]): e for e in arm.lines}


def _texts(arm: Arm, keys: Sequence[tuple[str, str, int]]) -> tuple[list[str], list[str], list[str]]:
    """(predictions, targets, whose they are) in the order of the keys."""
    lines = _placed(arm)
    chosen = [lines[key] for key in keys]
    return [e["prediction"] for e in chosen], [e["target"] for e in chosen], [e["user"] for e in chosen]
