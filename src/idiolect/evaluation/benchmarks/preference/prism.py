"""PRISM (Kirk et al. 2024), pairs by Dong et al. 2024: which reply did the person described prefer?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks import linear
from idiolect.evaluation.benchmarks.card import Card, folded
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PRISM pairs",
    source="github.com/dong-river/Personalized-Judge, outputs/; github.com/HannahKirk/prism-alignment",
    version="4d93fde111cbdaba7c3f8a439435dadee1acbd50, a9ec82149036374768f70e132a2369a750e06bbe",
    licence="people's words CC BY 4.0, model replies CC BY-NC 4.0",
    split="five folds of people by md5 of the description; a question's pairs leave the training part with it",
    protocol="pairwise accuracy, a tie counts half; balanced: mean of the pairs won by the longer and by the shorter",
    files=("prism_pairs.jsonl",),
)
FIELDS = ("id", "user_info", "question", "chosen", "rejected", "conversation_type")
FOLDS = 5
WEIGHTS = (0.02, 0.05, 0.15, 0.5)
FACTS = 60  # commonest statements of a description that the reward may lean on


@dataclass(frozen=True, slots=True)
class Pair:
    """A reply that the person preferred to another."""

    id: str
    person: str
    question: str
    chosen: str
    rejected: str
    kind: str


def read(folder: Path) -> list[Pair]:
    """Raises:
    BadInput: a line lacks a field.
    """
    found = []
    for place, raw in CARD.lines(folder, CARD.files[0]):
        item = mapping(raw, place, *FIELDS)
        found.append(Pair(*(text(item[f], place) for f in FIELDS)))
    if not found:
        raise BadInput(folder / CARD.files[0], "it holds no pair", "Fetch the file again")
    return found


def count(data: Sequence[Pair]) -> dict[str, int]:
    """What is in it."""
    return {"pairs": len(data), "descriptions": len({p.person for p in data})}


def measure(data: Sequence[Pair], encoder: Encoder | None) -> Iterator[Row]:
    """The longer reply; one linear reward for all; ours: one that leans on the description, and on another's."""
    del encoder  # replies are told apart by form: vectors of what they say were not needed
    owners = [p.person for p in data]
    longer = np.array([(len(p.chosen) > len(p.rejected)) + 0.5 * (len(p.chosen) == len(p.rejected)) for p in data])
    yield mean(Label("all", "longer reply"), "accuracy", longer, owners)
    for kind in dict.fromkeys(p.kind for p in data):
        mine = [i for i, p in enumerate(data) if p.kind == kind]
        yield mean(Label(kind, "longer reply"), "accuracy", longer[mine], [owners[i] for i in mine])
    found = predicted(data)
    labels = {
        "one reward for all": Label("all", "one reward for all"),
        "own": Label("all", "reward by description", ours=True),
        "other": Label("all", "reward by another's description", ours=True, control=True),
    }
    for name, label in labels.items():
        yield mean(label, "accuracy", found[name], owners)
        yield mean(label, "accuracy, mean over descriptions", found[name], owners, by_user=True)
        for short in (False, True):
            kept = np.flatnonzero(longer < 0.5 if short else longer > 0.5)
            part = Label("shorter preferred" if short else "longer preferred", label.method, label.ours, label.control)
            yield mean(part, "accuracy", found[name][kept], [owners[i] for i in kept])


def predicted(data: Sequence[Pair]) -> dict[str, Floats]:
    """(n,) accuracies of each pair, from people and questions that were not trained on."""
    rows = linear.deltas([(p.chosen, p.rejected) for p in data])
    rows = rows / linear.scale(rows)
    people, named = described(data)
    fold = np.array([folded(p.person, FOLDS) for p in data])
    found = {name: np.zeros(len(data)) for name in ("one reward for all", "own", "other")}
    for k in range(FOLDS):
        test = np.flatnonzero(fold == k).tolist()
        asked = {data[i].question for i in test}
        train = np.array([i for i in np.flatnonzero(fold != k).tolist() if data[i].question not in asked])
        everybody = linear.fit(rows[train])
        found["one reward for all"][test] = linear.right(rows[test] @ everybody)
        weight = _tuned(rows, people, train, fold)
        joint = linear.fit(_crossed(rows[train], weight * people[train]))
        found["own"][test] = linear.right(_crossed(rows[test], weight * people[test]) @ joint)
        stranger = _strangers([named[i] for i in test])
        found["other"][test] = linear.right(_crossed(rows[test], weight * people[test][stranger]) @ joint)
    return found


def _tuned(rows: Floats, people: Floats, train: NDArray[np.int64], fold: NDArray[np.int64]) -> float:
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
