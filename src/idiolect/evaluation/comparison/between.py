"""One run against another: the same users and questions, answered in two folders or by two methods.

idiolect compare runs/a runs/b                  every method and task that both folders hold
idiolect compare runs/a:ipa runs/a:oppu         two methods of one folder
idiolect compare "runs/a:ipa @ X" "runs/a:ipa @ Y"      one method on two models of a folder
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, UnknownName
from idiolect.evaluation import head
from idiolect.evaluation.comparison.answers import Arm, Arms
from idiolect.evaluation.comparison.within import compared, plain
from idiolect.evaluation.experiment import WorldConfig
from idiolect.evaluation.ledger import Ledger
from idiolect.evaluation.significance import effects

POPULATION = ("world", "data", "queries")  # what must agree for answers to be to the same questions


@dataclass(frozen=True)
class Side:
    """A folder of results, and the method in it that is meant; empty: each method against itself."""

    folder: Path
    method: str
    arms: Arms

    @classmethod
    def open(cls, stated: str) -> Side:
        """From ``FOLDER`` or ``FOLDER:METHOD``.

        Raises:
            BadInput: the folder holds no results.
            UnknownName: it holds no such method.
        """
        path, method = Path(stated), ""
        ends = [n for n, mark in enumerate(stated) if mark == ":"] if not path.exists() else []
        if ends:  # names of models may hold the mark too, so that the first folder there is counts
            end = next((n for n in ends if Path(stated[:n]).exists()), ends[-1])
            path, method = Path(stated[:end]), stated[end + 1 :]
        head.read(path)
        arms = Arms(Ledger(path).examples())
        known = {m for m, _ in arms.cells}
        if method and method not in known:
            raise UnknownName(f"method in {path}", method, known)
        return cls(path, method, arms)

    def cells(self) -> dict[tuple[str, str], Arm]:
        """The own answers by method and task; where one method is meant, under no name, so that it meets another."""
        found = {}
        for method, task in self.arms.cells:
            arm = self.arms.get(method, task)
            if arm and self.method in ("", method):
                found["" if self.method else method, task] = arm
        return found


def compare(first: str, second: str) -> list[dict[str, Any]]:
    """The first against the second, paired over users, Holm over all comparisons made; above 0 the first is better.

    Raises:
        BadInput: the folders were run on other users or questions, or share nothing that could be compared.
    """
    a, b = Side.open(first), Side.open(second)
    if bool(a.method) != bool(b.method):
        raise BadInput(f"{first} and {second}", "only one of them names a method", "Write FOLDER:METHOD for both")
    _same(a, b)
    left, right = a.cells(), b.cells()
    found = []
    for key in (k for k in left if k in right):
        scored = {e.get("metric", "") for e in (*left[key].lines, *right[key].lines)}
        if len(scored) > 1:
            what = f"{key[1]!r} was scored by {' and by '.join(sorted(scored))}"
            raise BadInput(f"{first} and {second}", what, "Run both under one version of the metric")
        names = (a.method or f"{key[0]} in {a.folder}", b.method or f"{key[0]} in {b.folder}")
        if effect := compared(names[0], left[key], names[1], right[key]):
            found.append((key, left[key].mean, right[key].mean, effect))
    if not found:
        fix = "Compare folders that hold the same methods and tasks, or write FOLDER:METHOD for both"
        raise BadInput(f"{first} and {second}", "no two users answered the same questions in both", fix)
    adjusted = effects.family([e for *_, e in found])
    return [
        {"method": key[0] or f"{a.method} / {b.method}", "task": key[1], "score": x, "other": y, **plain(effect)}
        for (key, x, y, _), effect in zip(found, adjusted, strict=True)
    ]


def _population(stated: Mapping[str, Any]) -> dict[str, Any]:
    """Who was asked what; what an older folder does not state of its world is as it was then."""
    world = {**asdict(WorldConfig()), **stated.get("world", {})}
    return {k: world if k == "world" else stated.get(k) for k in POPULATION}


def _same(a: Side, b: Side) -> None:
    one, two = (_population(head.read(s.folder)["experiment"]) for s in (a, b))
    differ = [k for k in POPULATION if one[k] != two[k]]
    if differ:
        what = f"they were run on other questions ({', '.join(differ)} differ)"
        raise BadInput(f"{a.folder} and {b.folder}", what, "Run both with the same world or data, seed and queries")
