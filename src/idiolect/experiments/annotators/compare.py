"""Means over readers, and paired differences: readers are drawn again, not judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from idiolect.evaluation.significance import between
from idiolect.experiments.annotators.judgements import LABELS, Judgement, Judgements


def table(judgements: Judgements, arms: Mapping[str, Sequence[str]], against: Sequence[str]) -> list[dict[str, Any]]:
    """A row an arm and group of readers: accuracy and macro F1, pooled and as means over readers, and how far the mean
    accuracy lies above each arm of `against`, with a 95 % interval."""
    rows = []
    for group in ("all", "warm", "cold"):
        at = [i for i, j in enumerate(judgements.asked) if group in ("all", judgements.group(j.user))]
        some = [judgements.asked[i] for i in at]
        if not some:
            continue
        scored = {name: by_reader(some, [labels[i] for i in at]) for name, labels in arms.items()}
        for name, labels in arms.items():
            hits = [labels[i] == judgements.asked[i].label for i in at]
            accuracy, f1 = ({u: s[k] for u, s in scored[name].items()} for k in (0, 1))
            row: dict[str, Any] = {"task": judgements.task, "group": group, "arm": name, "readers": len(accuracy)}
            row |= {"judgements": len(at), "accuracy": float(np.mean(hits))}
            row |= {"macro_f1": macro_f1([j.label for j in some], [labels[i] for i in at])}
            row |= {"mean_accuracy": float(np.mean(list(accuracy.values())))}
            row |= {"mean_macro_f1": float(np.mean(list(f1.values())))}
            for other in (o for o in against if o in arms and o != name):
                for what, mine, k in (("accuracy", accuracy, 0), ("macro_f1", f1, 1)):
                    found = between(mine, {u: s[k] for u, s in scored[other].items()})
                    if found:
                        row[f"{what} above {other}"] = {k: round(v, 4) for k, v in asdict(found).items()}
            rows.append(row)
    return rows


def by_reader(asked: Sequence[Judgement], labels: Sequence[str]) -> dict[str, tuple[float, float]]:
    """(accuracy, macro F1) of each reader, F1 over the classes that occur in his labels or predictions."""
    mine: dict[str, list[tuple[str, str]]] = {}
    for j, label in zip(asked, labels, strict=True):
        mine.setdefault(j.user, []).append((j.label, label))
    return {
        u: (float(np.mean([a == b for a, b in both])), macro_f1([a for a, _ in both], [b for _, b in both]))
        for u, both in mine.items()
    }


def macro_f1(true: Sequence[str], said: Sequence[str]) -> float:
    """The mean of F1 over the labels that occur on either side."""
    found = []
    for label in LABELS:
        hits = sum(a == b == label for a, b in zip(true, said, strict=True))
        total = sum(a == label for a in true) + sum(b == label for b in said)
        if total:
            found.append(2 * hits / total)
    return float(np.mean(found))
