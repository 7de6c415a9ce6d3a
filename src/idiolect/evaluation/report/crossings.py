"""Where the curves over history cross, beyond noise: from how many records on a user's own data beats the rest, and
from how many one method overtakes another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from idiolect.evaluation.comparison.answers import Arm, Arms
from idiolect.evaluation.ledger import FULL

RIVALS = {"base": "no method", "group": "the data of people like him", "everybody": "everybody's data"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """`length`: from so many records on the user's own are better, at every length run; None: not at the longest."""

    method: str
    task: str
    against: str
    length: int | None
    longest: int

    @property
    def sentence(self) -> str:
        """What the curve says, in words."""
        if self.length is None:
            return f"With {self.longest} records his own cannot be shown to beat {self.against}."
        many = "record" if self.length == 1 else "records"
        return f"From {self.length} {many} on, his own beat {self.against}."


def crossings(arms: Arms) -> Iterator[Crossing]:
    """One for each method, task and rival that was run."""
    for (method, task), cell in arms.cells.items():
        lengths = sorted({n for name, n in cell if name == "own" and n != FULL})
        for rival, against in RIVALS.items():
            pairs = [(n, cell["own", n], cell.get((rival, n if rival == "group" else FULL))) for n in lengths]
            known = [(n, own, other) for n, own, other in pairs if other is not None]
            if known:
                length = _from(known)
                yield Crossing(method=method, task=task, against=against, length=length, longest=known[-1][0])


def overtakings(arms: Arms) -> Iterator[Crossing]:
    """One for each method that beats another of the same task from some length on, and with fewer records does not."""
    own: dict[tuple[str, str], dict[int, Arm]] = {}
    for key, cell in arms.cells.items():
        own[key] = {n: arm for (name, n), arm in sorted(cell.items()) if name == "own" and n > 0}
    for (method, task), (other, of) in permutations(own, 2):
        mine, theirs = own[method, task], own[other, of]
        known = [(n, mine[n], theirs[n]) for n in mine if n in theirs]
        length = _from(known) if task == of and known else None
        if length is not None and length > known[0][0]:
            against = f"what {other} makes of them"
            yield Crossing(method=method, task=task, against=against, length=length, longest=known[-1][0])


def _from(known: list[tuple[int, Arm, Arm]]) -> int | None:
    """The shortest length from which on every comparison is clearly in favour."""
    found = None
    for length, own, other in reversed(known):
        ahead = own.over(other)
        if ahead is None or not ahead.clear or ahead.mean < 0:
            break
        found = length
    return found
