"""Which of two replies each person preferred, told by form: length, one reward for all, and one a person.

A person's reward is learnt from his pairs on other questions and drawn to that of all (`linear.near`); the reward of
all from other people's pairs on other questions. Beside it stands the reward of somebody else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from idiolect.evaluation.benchmarks import linear
from idiolect.evaluation.benchmarks.card import folded
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats

FOLDS = 5
PULLS = (3.0, 10.0, 30.0, 100.0, 300.0)
LENGTH = Label("", "longer reply")
EVERYBODY = Label("", "one reward for all")
OWN = Label("", "reward a person", ours=True)
OTHER = Label("", "reward of another person", ours=True, control=True)
Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pair:
    """A reply that a person preferred to another; `kind`: of which sort the question is."""

    person: str
    question: str
    chosen: str
    rejected: str
    kind: str = "all"


def measure(shown: Sequence[Pair], asked: Sequence[Pair]) -> Iterator[Row]:
    """Accuracy on the pairs that are asked, over all and by kind; a tie counts half.

    Args:
        shown: what may be learnt from; it may hold what is asked, for a pair is never learnt from itself.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    longer = linear.right(np.array([float(len(p.chosen) - len(p.rejected)) for p in asked]))
    found = {LENGTH: longer, **predicted(shown, asked)}
    kinds = sorted({p.kind for p in asked})
    for part in ("all", *kinds) if len(kinds) > 1 else ("all",):
        mine = [i for i, p in enumerate(asked) if part in ("all", p.kind)]
        owners = [asked[i].person for i in mine]
        for label, right in found.items():
            yield mean(replace(label, part=part), "accuracy", right[mine], owners)


def predicted(shown: Sequence[Pair], asked: Sequence[Pair]) -> dict[Label, Floats]:
    """(n,) whether each asked pair is put in the right order, by reward."""
    known = linear.deltas([(p.chosen, p.rejected) for p in shown])
    size = linear.scale(known)
    rows = linear.deltas([(p.chosen, p.rejected) for p in asked]) / size
    books = Learning(shown, known / size)
    fold = np.array([folded(p.person, FOLDS) for p in asked])
    found = {label: np.zeros(len(asked)) for label in (EVERYBODY, OWN, OTHER)}
    for k in sorted(set(fold.tolist())):
        test = np.flatnonzero(fold == k)
        questions = {asked[i].question for i in test.tolist()}
        train = np.array([i for i in books.outside(k) if shown[i].question not in questions], dtype=np.int64)
        everybody = books.everybody(train)
        pull = books.pulled(train)
        people = [asked[i].person for i in test.tolist()]
        found[EVERYBODY][test] = linear.right(rows[test] @ everybody)
        for label, whose in ((OWN, people), (OTHER, _following(people))):
            rewards = books.rewards(whose, [asked[i].question for i in test.tolist()], everybody, pull)
            found[label][test] = linear.right((rows[test] * rewards).sum(axis=1))
    return found


def _following(people: Sequence[str]) -> list[str]:
    """For each the next person, around the end."""
    order = list(dict.fromkeys(people))
    after = dict(zip(order, [*order[1:], order[0]], strict=True))
    return [after[p] for p in people]


class Learning:
    """Pairs that may be learnt from, and what each reply has more of, (n, D), scaled."""

    def __init__(self, pairs: Sequence[Pair], rows: Floats) -> None:
        self._pairs, self._rows = pairs, rows
        self._fold = np.array([folded(p.person, FOLDS) for p in pairs], dtype=np.int64)
        self._mine: dict[str, list[int]] = {}
        for i, pair in enumerate(pairs):
            self._mine.setdefault(pair.person, []).append(i)

    def outside(self, fold: int) -> list[int]:
        """Places of the pairs of everybody else than the people of a fold."""
        found: list[int] = np.flatnonzero(self._fold != fold).tolist()
        return found

    def everybody(self, places: Places) -> Floats:
        """(D,) one reward for all; zeros where there is nothing to learn from."""
        return linear.fit(self._rows[places]) if len(places) else np.zeros(self._rows.shape[1])

    def rewards(self, people: Sequence[str], questions: Sequence[str], everybody: Floats, pull: float) -> Floats:
        """(n, D) of each person, from his pairs on other questions than the one beside."""
        known: dict[tuple[str, ...], Floats] = {}
        found = []
        for person, question in zip(people, questions, strict=True):
            seen = tuple(i for i in self._mine.get(person, ()) if self._pairs[i].question != question)
            key = (person, question) if len(seen) < len(self._mine.get(person, ())) else (person,)
            if key not in known:
                known[key] = linear.near(self._rows[list(seen)], everybody, pull)
            found.append(known[key])
        return np.stack(found)

    def pulled(self, places: Places) -> float:
        """How much a person is drawn to everybody: of these pairs, what predicts one fold best from the others."""
        mine = Learning([self._pairs[i] for i in places.tolist()], self._rows[places])
        held = mine._fold == mine._fold.min(initial=FOLDS)
        if not held.any():
            return PULLS[0]
        everybody, outer = mine.everybody(np.flatnonzero(~held)), np.flatnonzero(held).tolist()
        people, questions = [mine._pairs[i].person for i in outer], [mine._pairs[i].question for i in outer]

        def accuracy(pull: float) -> float:
            rewards = mine.rewards(people, questions, everybody, pull)
            return float(linear.right((mine._rows[outer] * rewards).sum(axis=1)).mean())

        return max(PULLS, key=accuracy)
