"""What changes: questions that a method turns right or wrong, by kind; and which labels it takes for which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from idiolect.evaluation.comparison.answers import Arms
from idiolect.evaluation.ledger import FULL, Line
from idiolect.evaluation.metrics.labels import label

RIGHT = 0.5  # of a score from 0 to 1
LABELS = 10  # a task with more right answers than this has no table of them
OTHER = "something else"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Shares of the questions of one kind: right either way, turned right, turned wrong, wrong either way."""

    method: str
    kind: str
    questions: int
    kept: float
    gained: float
    lost: float
    missed: float


def changes(arms: Arms) -> list[Change]:
    """By method and kind of question (the task, where the data names no kinds), beside no method.

    Tasks whose scores leave 0 to 1 have no right and wrong: they are left out.
    """
    found = []
    for method, task in arms.cells:
        own, base = arms.get(method, task), arms.get(method, task, "base")
        if own is None or base is None or not all(0 <= e["score"] <= 1 for e in (*own.lines, *base.lines)):
            continue
        kinds = {(e["user"], e["query"]): e.get("kind", "") for e in own.lines}
        cells: dict[str, Counter[tuple[bool, bool]]] = {}
        for user, queries in own.scores.items():
            for query, score in queries.items():
                before = base.scores.get(user, {}).get(query)
                if before is not None:
                    kind = kinds[user, query]
                    name = f"{task}: {kind}" if kind else task
                    sides = tuple((own.sign * (s - RIGHT)) >= 0 for s in (before, score))
                    cells.setdefault(name, Counter())[sides[0], sides[1]] += 1
        found += [_change(method, name, cell) for name, cell in cells.items()]
    return found


def _change(method: str, kind: str, cell: Counter[tuple[bool, bool]]) -> Change:
    total = cell.total()
    kept, gained, lost, missed = (cell[k] / total for k in ((True, True), (False, True), (True, False), (False, False)))
    return Change(method=method, kind=kind, questions=total, kept=kept, gained=gained, lost=lost, missed=missed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Counts of (wanted, said) of one method on one task; `said` ends with what is no label."""

    method: str
    task: str
    wanted: tuple[str, ...]
    said: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def most(self) -> int:
        """The largest count of a line: what the shades are relative to."""
        return max(max(line) for line in self.counts)


def matrices(examples: Iterable[Line]) -> list[Matrix]:
    """One for each method and task with two to ten right answers, most of them right more than once."""
    pairs: dict[tuple[str, str], Counter[tuple[str, str]]] = {}
    asked: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for e in examples:
        if e["arm"] == "own" and e.get("history", FULL) == FULL:
            key = e["method"], e["task"]
            pairs.setdefault(key, Counter())[label(e["target"]), label(e["prediction"])] += 1
            asked.setdefault(key, set()).add((e["user"], e["query"]))
    return [_matrix(*key, cell) for key, cell in pairs.items() if _shared(len({w for w, _ in cell}), len(asked[key]))]


def _shared(labels: int, questions: int) -> bool:
    """Whether so many right answers are labels: few, and each right of two questions in the mean."""
    return 2 <= labels <= min(LABELS, questions // 2)


def _matrix(method: str, task: str, cell: Mapping[tuple[str, str], int]) -> Matrix:
    labels = tuple(sorted({w for w, _ in cell}))
    table = {w: Counter[str]() for w in labels}
    for (wanted, said), count in cell.items():
        table[wanted][said if said in labels else OTHER] += count
    columns = (*labels, OTHER)
    counts = tuple(tuple(table[w][s] for s in columns) for w in labels)
    return Matrix(method=method, task=task, wanted=labels, said=columns, counts=counts)
