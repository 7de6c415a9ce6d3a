"""Metrics: one file each. A metric gives statistics an example, and one reduction of weighed statistics to a number.

The split lets a bootstrap weigh users and reduce again, right also for metrics that are no mean of examples. Callable
from outside on plain lists: ``value(get("rouge_l"), ["a cat"], ["the cat"])``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from idiolect.core.errors import BadInput, UnknownName

Floats = npt.NDArray[np.float64]


class Metric(Protocol):
    """`signature` names the metric, its version and its library: it stands beside every score."""

    @property
    def signature(self) -> str: ...
    @property
    def higher_is_better(self) -> bool: ...
    def statistics(self, predictions: Sequence[str], references: Sequence[Any]) -> Floats:
        """(n, s): s numbers for each of the n examples."""
        ...

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(b,) values from (n, s) statistics under (b, n) weights."""
        ...


class Mean:
    """The reduction of every metric that is a weighed mean of its first statistic."""

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """(b,): (b, n) weights over (n, s) statistics."""
        totals: Floats = weights @ statistics[:, 0] / weights.sum(axis=1)
        return totals


def names() -> list[str]:
    """The metrics that can be called by name; `oracle` wants a world."""
    return sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != "oracle")


def get(name: str) -> Metric:
    """The metric of that file.

    Raises:
        UnknownName: there is no such file.
    """
    if name not in names():
        raise UnknownName("metric", name, names())
    metric: Metric = importlib.import_module(f"{__name__}.{name}").metric
    return metric


def value(metric: Metric, predictions: Sequence[str], references: Sequence[Any]) -> float:
    """The metric over plain lists, every example weighing the same.

    Raises:
        BadInput: the lists are empty or not equally long.
    """
    if len(predictions) != len(references) or not predictions:
        what = f"{len(predictions)} predictions for {len(references)} references"
        raise BadInput(metric.signature, what, "Give one prediction for each reference, and at least one")
    statistics = metric.statistics(predictions, references)
    return float(metric.reduce(statistics, np.ones((1, len(predictions))))[0])
