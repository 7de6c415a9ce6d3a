"""PRISM (Kirk et al. 2024), pairs by Dong et al. 2024: which reply did the person described prefer?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks import linear, pairs
from idiolect.evaluation.benchmarks.card import Card, digest, folded
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PRISM pairs",
    source="github.com/dong-river/Personalized-Judge, outputs/; github.com/HannahKirk/prism-alignment",
    version="4d93fde111cbdaba7c3f8a439435dadee1acbd50, a9ec82149036374768f70e132a2369a750e06bbe",
    licence="people's words CC BY 4.0, model replies CC BY-NC 4.0",
    split="five folds of people by md5 of the description; a question's pairs leave the training part with it; a "
    "person's reward is learnt from his pairs on other questions",
    protocol="pairwise accuracy, a tie counts half; length-balanced half: as many pairs won by the longer reply as by "
    "the shorter, by md5 of their ids",
    files=("prism_pairs.jsonl",),
)
FIELDS = ("id", "user_info", "question", "chosen", "rejected", "conversation_type")
WEIGHTS = (0.02, 0.05, 0.15, 0.5)
FACTS = 60  # commonest statements of a description that the reward may lean on
LENGTH, BALANCED = "longer reply", "length-balanced half"
DESCRIBED = Label("", "reward by description", ours=True)
MISTAKEN = Label("", "reward by another's description", ours=True, control=True)
Places: TypeAlias = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(pairs.Pair):
    """With its id in the file; the person is known by his description."""

    id: str


def read(folder: Path) -> list[Pair]:
    """Raises:
    BadInput: a line lacks a field.
    """
    found = []
    for place, raw in CARD.lines(folder, CARD.files[0]):
        item = mapping(raw, place, *FIELDS)
        id, person, question, chosen, rejected, kind = (text(item[f], place) for f in FIELDS)
        found.append(Pair(id=id, person=person, question=question, chosen=chosen, rejected=rejected, kind=kind))
    if not found:
        raise BadInput(folder / CARD.files[0], "it holds no pair", "Fetch the file again")
    return found


def count(data: Sequence[Pair]) -> dict[str, int]:
    """What is in it."""
    return {"pairs": len(data), "descriptions": len({p.person for p in data})}


def measure(data: Sequence[Pair], encoder: Encoder | None) -> Iterator[Row]:
    """The longer reply; one linear reward for all; ours: one that leans on the description, one a person; and both
    under somebody else."""
    del encoder  # replies are told apart by form: vectors of what they say were not needed
    owners = [p.person for p in data]
    longer = by_length(data)
    for kind in dict.fromkeys(p.kind for p in data):
        mine = [i for i, p in enumerate(data) if p.kind == kind]
        yield mean(Label(kind, LENGTH), "accuracy", longer[mine], [owners[i] for i in mine])
    parts = {
        "all": np.arange(len(data)),
        BALANCED: balanced(data, longer),
        "longer preferred": np.flatnonzero(longer > 0.5),
        "shorter preferred": np.flatnonzero(longer < 0.5),
    }
    everybody, *persons = pairs.predicted(data, data).items()
    found = {Label("", LENGTH): longer, **dict([everybody]), **by_description(data), **dict(persons)}
    for part, at in parts.items():
        people = [owners[i] for i in at.tolist()]
        for said, right in found.items():
            label = replace(said, part=part)
            if part not in ("all", BALANCED):
                if right is not longer:
                    yield mean(label, "accuracy", right[at], people)
                continue
            yield mean(label, "accuracy", right[at], people)
            yield mean(label, "accuracy, mean over descriptions", right[at], people, by_user=True)
            if right is not longer:  # paired: the limits are those of the difference
                apart = replace(label, ours=False)
                yield mean(apart, f"accuracy above the {LENGTH}", right[at] - longer[at], people)


def by_length(data: Sequence[Pair]) -> Floats:
    """(n,) 1 where the longer reply is preferred, a half at a tie."""
    return linear.right(np.array([float(len(p.chosen) - len(p.rejected)) for p in data]))


def balanced(data: Sequence[Pair], longer: Floats) -> Places:
    """Places of as many pairs that the longer reply won as the shorter, by md5 of their ids: length says nothing."""
    sides = [
        sorted(np.flatnonzero(side).tolist(), key=lambda i: digest(f"balanced/{data[i].id}"))
        for side in (longer > 0.5, longer < 0.5)
    ]
    size = min(map(len, sides))
    return np.sort(np.array([i for side in sides for i in side[:size]], dtype=np.int64))


def by_description(data: Sequence[Pair]) -> dict[Label, Floats]:
    """(n,) accuracies of each pair by rewards that lean on descriptions; none is trained on the question or person."""
    rows = linear.deltas([(p.chosen, p.rejected) for p in data])
    rows = rows / linear.scale(rows)
    people, named = described(data)
    asked = np.array([p.question for p in data])
    fold = np.array([folded(p.person, pairs.FOLDS) for p in data])
    found = {label: np.zeros(len(data)) for label in (DESCRIBED, MISTAKEN)}
    for k in range(pairs.FOLDS):
        test = np.flatnonzero(fold == k)
        train = np.flatnonzero((fold != k) & ~np.isin(asked, asked[test]))
        weight = _tuned(rows, people, train, fold)
        joint = linear.fit(_crossed(rows[train], weight * people[train]))
        stranger = test[_strangers([named[i] for i in test.tolist()])]
        for label, whose in ((DESCRIBED, test), (MISTAKEN, stranger)):
            found[label][test] = linear.right(_crossed(rows[test], weight * people[whose]) @ joint)
    return found


def _tuned(rows: Floats, people: Floats, train: Places, fold: Places) -> float:
    """How much the description may add: what predicts one of the training folds best from the others."""
    held = fold[train] == fold[train].min()
    inner, outer = train[~held], train[held]

    def accuracy(weight: float) -> float:
        joint = linear.fit(_crossed(rows[inner], weight * people[inner]))
        return float(linear.right(_crossed(rows[outer], weight * people[outer]) @ joint).mean())

    return max(WEIGHTS, key=accuracy)


def described(data: Sequence[Pair]) -> tuple[Floats, list[str]]:
    """(n, facts) which of the commonest statements each pair's person made, centred; and the descriptions."""
    stated = [frozenset(s for s in re.split(r"(?<=\.)\s+", p.person) if s) for p in data]
    counts: dict[str, int] = {}
    for facts in set(stated):
        for fact in facts:
            counts[fact] = counts.get(fact, 0) + 1
    kept = sorted(counts, key=lambda f: (-counts[f], f))[:FACTS]
    table = np.array([[float(f in facts) for f in kept] for facts in stated])
    return table - table.mean(axis=0), [p.person for p in data]


def _crossed(rows: Floats, people: Floats) -> Floats:
    """(n, D + D * facts): what all share, and what each statement adds to every measure."""
    crossed = rows[:, :, None] * people[:, None, :]
    return np.hstack([rows, crossed.reshape(len(rows), -1)])


def _strangers(owners: Sequence[str]) -> list[int]:
    """For each pair the place of one of the next person's pairs."""
    first: dict[str, int] = {}
    for i, owner in enumerate(owners):
        first.setdefault(owner, i)
    people = list(first)
    following = dict(zip(people, [*people[1:], people[0]], strict=True))
    return [first[following[owner]] for owner in owners]
