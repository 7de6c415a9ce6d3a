"""Metrics: one file each. A metric gives statistics an example, and one reduction of weighed statistics to a number.

The split lets a bootstrap weigh users and reduce again, right also for metrics that are no mean of examples: macro-F1,
MCC, RMSE, corpus BLEU, and metrics over pairs of users. On plain lists:

    compute("rouge_l", ["a cat"], ["the cat"])
    compute("ndcg", [["b", "a"]], [{"a": 1, "b": 3}], k=10)

| folder | what is compared |
|---|---|
| `classification/` | labels and ratings |
| `generation/` | texts |
| `recommendation/` | ranked lists |
| `personalisation/` | texts for several users of the same document, pair by pair |
| `alignment/` | grades that a judge gave: preferences followed, and over turns |
| `trust/` | what is revealed, who is harmed, and whether certainty means anything |

The files beside this one are what those share; `oracle` scores what a world planted.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np

from idiolect import registry
from idiolect.core.errors import BadInput, UnknownName
from idiolect.evaluation.metrics.card import Card, Floats, Mean, Metric, Named
from idiolect.evaluation.metrics.ids import aligned

__all__ = ["Card", "Floats", "Mean", "Metric", "Named", "compute", "each", "evenly", "get", "names", "rows", "value"]

_CHUNK = 256


@cache
def _files() -> dict[str, str]:
    """By name, the module of each metric."""
    return registry.files_of(sys.modules[__name__])


def names() -> list[str]:
    """The metrics that can be called by name; `oracle` wants a world."""
    return sorted(_files())


def get(name: str, **options: Any) -> Named:
    """The metric of that file, with other options than its own.

    Raises:
        UnknownName: there is no such file, or it has no such option.
    """
    if name not in _files():
        raise UnknownName("metric", name, names())
    metric: Named = importlib.import_module(_files()[name]).metric
    known = {f.name for f in fields(metric)}
    for option in options:
        if option not in known:
            raise UnknownName(f"option of {name}", option, known)
    return replace(metric, **options) if options else metric


def rows() -> list[tuple[str, ...]]:
    """The table of metrics, folder by folder: name, formula, range, which end is better, library, source, version."""
    found: list[tuple[str, ...]] = []
    for name in _files():
        card = get(name).card
        better = "higher" if card.higher_is_better else "lower"
        library = card.library or "our own"
        found.append((name, card.formula, card.range, better, library, card.source, str(card.version)))
    return found


def compute(
    name: str,
    predictions: Sequence[Any] | Mapping[str, Any],
    references: Sequence[Any] | Mapping[str, Any] | None = None,
    *,
    users: Sequence[str] | None = None,
    **options: Any,
) -> float:
    """The metric of that name over plain lists, or over two mappings by id.

    Args:
        users: (n,) whose example each is: every user then weighs the same; else every example does.
        options: the metric's fields, such as k=5.

    Raises:
        UnknownName: there is no such metric or option.
        BadInput: lists of unequal length, ids that do not agree, a score that is no number, or nothing to measure.
    """
    metric = get(name, **options)
    if isinstance(predictions, Mapping) or isinstance(references, Mapping):
        if not (isinstance(predictions, Mapping) and isinstance(references, Mapping)):
            raise BadInput(name, "only one side goes by ids", "Give two mappings, or two lists in the same order")
        if users is not None:
            raise BadInput(name, "users were given in an order, and predictions by ids", "Give lists with users")
        predictions, references = aligned(predictions.items(), references)
    if references is None:
        if not metric.card.alone:
            raise BadInput(name, "it was given no references", "Give one reference for each prediction")
        references = [None] * len(predictions)
    return value(metric, predictions, references, users)


def value(
    metric: Metric, predictions: Sequence[Any], references: Sequence[Any], users: Sequence[str] | None = None
) -> float:
    """A metric over lists; without `users`, every example weighs the same.

    Raises:
        BadInput: the lists are empty or not equally long, or a score is no number.
    """
    if len(predictions) != len(references) or not len(predictions):
        what = f"{len(predictions)} predictions for {len(references)} references"
        raise BadInput(metric.signature, what, "Give one prediction for each reference, and at least one")
    if users is not None and len(users) != len(predictions):
        what = f"{len(users)} users for {len(predictions)} predictions"
        raise BadInput(metric.signature, what, "Say of each prediction whose it is")
    statistics = checked(metric, metric.statistics(predictions, references))
    paired = statistics.ndim == 3  # users are its rows already, and weigh the same
    weights = evenly(users) if users is not None and not paired else np.ones(len(statistics))
    found = float(metric.reduce(statistics, weights))
    if np.isnan(found):
        raise BadInput(metric.signature, "these examples leave nothing to measure", "See its row in docs/metrics.md")
    return found


def checked(metric: Metric, statistics: Floats) -> Floats:
    """The statistics, if all are numbers.

    Raises:
        BadInput: one is NaN or infinite; names its example.
    """
    bad = np.flatnonzero(~np.isfinite(statistics).reshape(len(statistics), -1).all(axis=1))
    if len(bad):
        what = f"the score of example {bad[0]} (of {len(bad)}) is NaN or infinite"
        raise BadInput(metric.signature, what, "Look at that prediction and its reference")
    return statistics


def evenly(users: Sequence[str]) -> Floats:
    """(n,) weights, in sum n, under which every user weighs the same however many examples he has."""
    _, index = np.unique(np.asarray(users), return_inverse=True)
    counts = np.bincount(index)
    weights: Floats = len(index) / len(counts) / counts[index]
    return weights


def each(metric: Metric, statistics: Floats) -> Floats:
    """(n,) the metric of every example alone."""
    parts = [statistics[start : start + _CHUNK] for start in range(0, len(statistics), _CHUNK)]
    return np.concatenate([metric.reduce(part, np.eye(len(part))) for part in parts] or [np.zeros(0)])
