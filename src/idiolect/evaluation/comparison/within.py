"""A method against each of its controls, a composition against its parts too: how large, how sure, and for whom.

One family: Holm's correction is over all comparisons of a folder, not over one row.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

from idiolect.evaluation.comparison.answers import Arm, Arms
from idiolect.evaluation.entries import parts
from idiolect.evaluation.significance import effects
from idiolect.evaluation.significance.bootstrap import PLACES
from idiolect.evaluation.significance.breakdown import by_group, spread
from idiolect.evaluation.significance.effects import Effect

Scores: TypeAlias = dict[str, float]

CONTROLS = {
    "base": "no method",
    "swapped": "itself under another user's data",
    "shuffled": "itself under a shuffled history",
    "pooled": "the same parts trained on everybody's data",
    "cousin": "its cheaper cousin",
    "copy": "copying the nearest example",
    "group": "itself under the data of people like him",
    "everybody": "itself under everybody's data",
    "across": "itself without his records on the task",
}


PART = "part"


def shared(mine: Arm, theirs: Arm) -> tuple[Scores, Scores]:
    """One number a user on each side: means over the queries that both answered."""
    both: tuple[Scores, Scores] = ({}, {})
    for user, own in mine.scores.items():
        queries = sorted(own.keys() & theirs.scores.get(user, {}).keys())
        if queries:
            for side, scores in zip(both, (own, theirs.scores[user]), strict=True):
                side[user] = sum(scores[q] for q in queries) / len(queries)
    return both


def compared(name: str, mine: Arm, against: str, theirs: Arm) -> Effect | None:
    """One comparison; None where fewer than two users stand on both sides."""
    scores, others = shared(mine, theirs)
    return effects.effect(name, scores, against, others, sign=mine.sign) if len(scores) > 1 else None


def comparisons(arms: Arms) -> list[dict[str, Any]]:
    """Every method and task against each control that was run, and against its parts, as plain data."""
    cells = [
        (method, task, name, own, other, said)
        for method, task in arms.cells
        if (own := arms.get(method, task))
        for name, said, other in _others(arms, method, task)
    ]
    found = [(cell[:5], e) for cell in cells if (e := compared(cell[0], cell[3], cell[5], cell[4]))]
    adjusted = effects.family([e for _, e in found])
    return [_plain(*cell, effect) for (cell, _), effect in zip(found, adjusted, strict=True)]


def as_part(name: str) -> str:
    """How a part is called in a sentence on its composition; the same parts trained apart are called by their name."""
    return name if "|" in name else f"{name}, its part"


def _others(arms: Arms, method: str, task: str) -> Iterator[tuple[str, str, Arm]]:
    """(arm, how it is called in a sentence, its answers): the controls that were run, and the parts that were."""
    for name, said in CONTROLS.items():
        if other := arms.get(method, task, name):
            yield name, said, other
    for part in parts(method):
        if other := arms.get(part, task):
            yield PART, as_part(part), other


def _plain(method: str, task: str, arm: str, own: Arm, other: Arm, effect: Effect) -> dict[str, Any]:
    scores, others = shared(own, other)
    differences = {u: round(own.sign * (scores[u] - others[u]), PLACES) for u in scores}
    return {"method": method, "task": task, "arm": arm, **plain(effect)} | {
        "spread": asdict(spread(list(differences.values()))),
        "per_user": differences,
        "groups": _groups(scores, others, groups_of(own), own.sign),
    }


def plain(effect: Effect) -> dict[str, Any]:
    """An effect with its interval in one mapping, and in words; `cohen_d` is None where it is infinite."""
    found = asdict(effect)
    interval = found.pop("interval")
    found["cohen_d"] = effect.cohen_d if math.isfinite(effect.cohen_d) else None
    del found["name"], interval["detectable"]  # of the two, the one that knows how users differ stays
    return {**interval, **found, "clear": effect.clear, "sentence": effect.sentence}


def groups_of(arm: Arm) -> dict[str, str]:
    """The group of each user, where the source of the questions names one."""
    return {e["user"]: e["group"] for e in arm.lines if e.get("group")}


def _groups(scores: Scores, others: Scores, groups: Mapping[str, str], sign: int) -> list[dict[str, Any]]:
    """Group by group, the worst off first."""
    if not groups.keys() >= scores.keys():
        return []
    return [{**asdict(part), "harmed": part.harmed} for part in by_group(scores, others, groups, sign=sign)]
