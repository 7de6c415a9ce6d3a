"""Pairs for a study from two runs: what two systems answered to the same questions of the same users."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.layout import line
from idiolect.evaluation import experiment, head
from idiolect.evaluation.comparison.between import Side
from idiolect.evaluation.judges.pairwise import Pair
from idiolect.evaluation.judges.study import Study
from idiolect.evaluation.ledger import FULL
from idiolect.evaluation.tasks.opening import open_source
from idiolect.governance.view import view

KNOWN = 12  # records of the person that a rater reads, the latest
Key = tuple[str, str, str]  # task, user, query


def drawn(name: str, first: str, second: str, *, most: int = 60, task: str = "") -> Study:
    """A study of two sides, each ``FOLDER:METHOD``, or ``FOLDER:METHOD@ARM`` ("runs/a:ipa@base").

    Questions are taken user by user in turn, each user's in an order drawn by hash; those that both answered in the
    same words are left out, as nothing can be preferred there.

    Args:
        most: pairs at most. task: only this one.

    Raises:
        BadInput: the sides share no question that they answer differently, or a folder holds no results.
        UnknownName: a method or an arm that was not run.
    """
    one, other = (_answers(side, task) for side in (first, second))
    both = [key for key in one if key in other and one[key]["prediction"].strip() != other[key]["prediction"].strip()]
    queues: dict[str, list[Key]] = {}
    for key in sorted(both, key=lambda k: sha256("\0".join(k).encode()).hexdigest()):
        queues.setdefault(key[1], []).append(key)
    rounds = [key for turn in range(len(both)) for queue in queues.values() for key in queue[turn : turn + 1]][:most]
    if not rounds:
        fix = "Name two methods or arms that answered the same questions: FOLDER:METHOD@ARM"
        raise BadInput(f"{first} and {second}", "no question is answered differently by both", fix)
    known = _known(first, {key[1] for key in rounds})
    pairs = tuple(
        Pair(
            id="/".join(key),
            question=one[key].get("question") or one[key]["query"],
            first=one[key]["prediction"],
            second=other[key]["prediction"],
            persona=known.get(key[1], ""),
            user=key[1],
        )
        for key in rounds
    )
    return Study(name, pairs, (first, second))


def _parts(stated: str) -> tuple[str, str]:
    """(``FOLDER:METHOD``, the arm)."""
    place, at, arm = stated.rpartition("@")
    return (place, arm) if at else (stated, "own")


def _answers(stated: str, task: str) -> Mapping[Key, dict[str, Any]]:
    """The side's answers under all of the data, of its first seed."""
    place, arm = _parts(stated)
    side = Side.open(place)
    if not side.method:
        raise BadInput(stated, "it names no method", "Write FOLDER:METHOD, as runs/latest:ipa")
    found: dict[Key, dict[str, Any]] = {}
    ran = set()
    for (method, asked), cell in side.arms.cells.items():
        ran |= {a for a, length in cell if method == side.method and length == FULL}
        if method == side.method and task in ("", asked) and (arm, FULL) in cell:
            for e in cell[arm, FULL].lines:
                found.setdefault((e["task"], e["user"], e["query"]), e)
    if arm not in ran:
        raise UnknownName(f"arm of {place}", arm, sorted(ran))
    return found


def _known(stated: str, users: set[str]) -> dict[str, str]:
    """What a rater reads of each: his latest records, a line each."""
    folder = Side.open(_parts(stated)[0]).folder
    store = open_source(experiment.read(head.read(folder)["experiment"])).store()
    return {u: "\n".join(line(r) for r in view(store, u).records[-KNOWN:]) for u in users}
