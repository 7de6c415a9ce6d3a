"""Answers side by side: the same question under nobody's, one's own and another person's data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from idiolect.evaluation.ledger import FULL, Line

DOZEN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One question under two people's data, and under nobody's."""

    method: str
    task: str
    question: str
    target: str
    base: Line
    own: Line
    other: Line


def sides(examples: Iterable[Line]) -> Iterator[Side]:
    """A dozen questions on which the two people's answers differ: each method and task in turn, those first that gain
    most over nobody's answers; of each one's questions drawn by hash, whether they went well or not."""
    cells: dict[tuple[str, str], dict[tuple[str, str], dict[str, Line]]] = {}
    for e in examples:
        if e["arm"] in ("own", "base", "swapped") and e.get("history", FULL) == FULL:
            cell = cells.setdefault((e["task"], e["method"]), {})
            cell.setdefault((e["user"], e["query"]), {}).setdefault(e["arm"], e)
    ordered = sorted(sorted(cells.items()), key=lambda item: -_gain(item[1]))
    queues = [sorted(_differing(cell), key=_draw) for _, cell in ordered]
    taken = 0
    for turn in range(DOZEN):
        for queue in queues:
            if turn < len(queue) and taken < DOZEN:
                taken += 1
                yield _side(queue[turn])


def _gain(cell: Mapping[tuple[str, str], dict[str, Line]]) -> float:
    whole = [(a["own"], a["base"]) for a in cell.values() if {"own", "base"} <= a.keys()]
    gains = [(1 if own.get("higher_is_better", True) else -1) * (own["score"] - base["score"]) for own, base in whole]
    return float(np.mean(gains)) if gains else 0.0


def _differing(cell: Mapping[tuple[str, str], dict[str, Line]]) -> list[dict[str, Line]]:
    whole = [arms for arms in cell.values() if len(arms) == 3]
    return [a for a in whole if a["own"]["prediction"] != a["swapped"]["prediction"]]


def _draw(arms: Mapping[str, Line]) -> str:
    return hashlib.sha256(f"{arms['own']['user']}/{arms['own']['query']}".encode()).hexdigest()


def _side(arms: Mapping[str, Line]) -> Side:
    own = arms["own"]
    question = own.get("question") or own["query"]
    return Side(
        method=own["method"],
        task=own["task"],
        question=question,
        target=own["target"],
        base=arms["base"],
        own=own,
        other=arms["swapped"],
    )


def differing(examples: Iterable[Line]) -> float | None:
    """The share of questions that get another answer under another user's data."""
    pairs: dict[tuple[Any, ...], dict[str, str]] = {}
    for e in examples:
        if e["arm"] in ("own", "swapped") and e.get("history", FULL) == FULL:
            key = (e["method"], e["task"], e["seed"], e["user"], e["query"])
            pairs.setdefault(key, {})[e["arm"]] = e["prediction"]
    both = [p["own"] != p["swapped"] for p in pairs.values() if len(p) == 2]
    return float(np.mean(both)) if both else None


def kinds(examples: Iterable[Line]) -> dict[tuple[str, str], dict[str, float]]:
    """By method and task, the mean over questions of each kind that the data names, and over all."""
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for e in examples:
        if "kind" in e and e["arm"] == "own":
            cell = found.setdefault((e["method"], e["task"]), {"all questions": []})
            cell["all questions"].append(e["score"])
            cell.setdefault(e["kind"], []).append(e["score"])
    return {k: {name: float(np.mean(s)) for name, s in cell.items()} for k, cell in found.items()}
