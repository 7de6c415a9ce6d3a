"""Means over readers, and paired differences: readers are drawn again, not judgements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from idiolect.evaluation.annotators.judgements import Judgements
from idiolect.evaluation.metrics import compute
from idiolect.evaluation.significance import between


def table(judgements: Judgements, arms: Mapping[str, Sequence[str]], against: Sequence[str]) -> list[dict[str, Any]]:
    """A row an arm and group of readers: accuracy and macro F1, pooled and as means over readers, and how far the mean
    accuracy lies above each arm of `against`, with a 95 % interval."""
    rows = []
    for group in ("all", "warm", "cold"):
        at = [i for i, j in enumerate(judgements.asked) if group in ("all", judgements.group(j.annotator))]
        if not at:
            continue
        readers, wanted = [judgements.asked[i].annotator for i in at], [judgements.wanted[i] for i in at]
        scored = {name: by_reader(readers, wanted, [labels[i] for i in at]) for name, labels in arms.items()}
        for name, labels in arms.items():
            said = [labels[i] for i in at]
            accuracy, f1 = ({u: s[k] for u, s in scored[name].items()} for k in (0, 1))
            row: dict[str, Any] = {"task": judgements.task, "group": group, "arm": name, "readers": len(accuracy)}
            row |= {"judgements": len(at), "accuracy": compute("accuracy", said, wanted)}
            row |= {"macro_f1": compute("f1_macro", said, wanted)}
            row |= {"mean_accuracy": float(np.mean(list(accuracy.values())))}
            row |= {"mean_macro_f1": float(np.mean(list(f1.values())))}
            for other in (o for o in against if o in arms and o != name):
                for what, mine, k in (("accuracy", accuracy, 0), ("macro_f1", f1, 1)):
                    found = between(mine, {u: s[k] for u, s in scored[other].items()})
                    if found:
                        row[f"{what} above {other}"] = {k: round(v, 4) for k, v in asdict(found).items()}
            rows.append(row)
    return rows


def by_reader(readers: Sequence[str], wanted: Sequence[str], labels: Sequence[str]) -> dict[str, tuple[float, float]]:
    """(accuracy, macro F1) of each reader, F1 over the classes that occur in his labels or predictions."""
    mine: dict[str, tuple[list[str], list[str]]] = {}
    for reader, right, label in zip(readers, wanted, labels, strict=True):
        said, true = mine.setdefault(reader, ([], []))
        said.append(label)
        true.append(right)
    return {u: (compute("accuracy", *both), compute("f1_macro", *both)) for u, both in mine.items()}
