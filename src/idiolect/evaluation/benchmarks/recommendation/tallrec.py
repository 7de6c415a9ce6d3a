"""TALLRec (Bao et al. 2023): from titles that somebody liked and disliked, will he like this one?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Label, Row, reduced
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="TALLRec",
    source="github.com/SAI990323/TALLRec, data/",
    version="c1db29ce6501bce32cc8c3e343c4eb14155beeb1",
    licence="Apache-2.0; derived from MovieLens-100K and BookCrossing, whose terms are stricter",
    split="a third of the people by md5 is never measured and gives the labelled rows",
    protocol="AUC of a score for Yes after 0, 16, 64 and 256 labelled rows",
    files=("movie/valid.json", "book/valid.json"),
)
FORM = re.compile(
    r"User Preference:(.*)\nUser Unpreference:(.*)\nWhether the user will like the target \w+ (.*)\?\s*$", re.S
)
TITLE = re.compile(r'"((?:[^"]|"(?!,|$|\n| ))*)"')
SHOTS = (0, 16, 64, 256)
SAME = 5  # titles that two rows of what may be one person share


@dataclass(frozen=True, slots=True)
class Case:
    """One person's likes and dislikes, and a title with his verdict."""

    id: str
    liked: tuple[str, ...]
    disliked: tuple[str, ...]
    target: str
    yes: bool


def read(folder: Path) -> dict[str, list[Case]]:
    """By domain.

    Raises:
        BadInput: a row is not of the published form.
    """
    found = {}
    for file in CARD.files:
        rows = CARD.document(folder, file)
        if not isinstance(rows, list):
            raise BadInput(folder / file, "no list of rows", f"Take the file of version {CARD.version}")
        found[file.partition("/")[0]] = [_case(raw, f"{folder / file}, row {i}") for i, raw in enumerate(rows)]
    return found


def _case(raw: object, place: str) -> Case:
    item = mapping(raw, place, "input", "output")
    parts = FORM.search(str(item["input"]))
    if parts is None or item["output"] not in ("Yes.", "No."):
        raise BadInput(place, "no preference, unpreference, target and Yes or No", f"Take version {CARD.version}")
    liked, disliked, target = (tuple(TITLE.findall(p.strip())) for p in parts.groups())
    return Case(str(item["input"]), liked, disliked, target[0] if target else parts[3], item["output"] == "Yes.")


def count(data: Mapping[str, Sequence[Case]]) -> dict[str, int]:
    """What is in it."""
    return {f"{name} {what}": n for name, rows in data.items() for what, n in _counted(rows)}


def _counted(rows: Sequence[Case]) -> list[tuple[str, int]]:
    return [("rows", len(rows)), ("yes", sum(r.yes for r in rows))]


class Auc:
    """Share of pairs of a Yes and a No that are in the right order; statistics are (score, label)."""

    signature, higher_is_better = "auc", True

    def statistics(self, predictions: Sequence[float], references: Sequence[bool]) -> Floats:
        """(n, 2)"""
        return np.stack([np.asarray(predictions, dtype=np.float64), np.asarray(references, dtype=np.float64)], axis=1)

    def reduce(self, statistics: Floats, weights: Floats) -> Floats:
        """By weighed ranks; ties count half, NaN where one label is missing."""
        values, place = np.unique(statistics[:, 0], return_inverse=True)
        yes, no = (np.zeros((*weights.shape[:-1], len(values))) for _ in range(2))
        for into, side in ((yes, statistics[:, 1] > 0.5), (no, statistics[:, 1] < 0.5)):
            for i in np.flatnonzero(side):
                into[..., place[i]] += weights[..., i]
        below = np.cumsum(no, axis=-1) - no
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Floats = (yes * (below + no / 2)).sum(-1) / (yes.sum(-1) * no.sum(-1))
        return found


def persons(rows: Sequence[Case]) -> list[str]:
    """Whose each row is, as far as can be seen: rows are windows that slide over one person's history, so that rows
    which agree on `SAME` titles or more belong together, and with all that these belong to."""
    parent = list(range(len(rows)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = i = parent[parent[i]]
        return i

    holders: dict[tuple[str, bool], list[int]] = {}
    for n, r in enumerate(rows):
        sides = [(t, True) for t in set(r.liked)] + [(t, False) for t in set(r.disliked)]
        shared: dict[int, int] = {}
        for side in sides:
            for other in holders.setdefault(side, []):
                shared[other] = shared.get(other, 0) + 1
            holders[side].append(n)
        for other, count_ in shared.items():
            if count_ >= SAME:
                parent[root(n)] = root(other)
    return [f"person {root(n)}" for n in range(len(rows))]


def measure(data: Mapping[str, Sequence[Case]], encoder: Encoder | None) -> Iterator[Row]:
    """How much a title is liked in general, and ours: by people who share likes; under another's likes beside."""
    del encoder
    for name, rows in data.items():
        owners = persons(rows)
        held = {i for i, owner in enumerate(owners) if digest(owner) % 3 == 0}
        asked = [i for i in range(len(rows)) if i not in held]
        others = _others([owners[i] for i in asked])
        for shots in SHOTS:
            known = sorted(held, key=lambda i: digest(f"shot/{rows[i].id}"))[:shots]
            taste = Taste(rows, owners, known)
            part, auc = f"{name}, {shots} rows", Auc()
            found = {
                Label(part, "title's share of likes"): [taste.score(i) for i in asked],
                Label(part, "likes of those who share likes", ours=True): [taste.score(i, i) for i in asked],
                Label(part, "the same under another's likes", ours=True, control=True): [
                    taste.score(i, asked[o]) for i, o in zip(asked, others, strict=True)
                ],
            }
            for label, scores in found.items():
                yes = [rows[i].yes for i in asked]
                yield reduced(label, "AUC", auc, auc.statistics(scores, yes), [owners[i] for i in asked])


def _others(owners: Sequence[str]) -> list[int]:
    """For each row the place of one of the next person's."""
    first = {owner: i for i, owner in reversed(list(enumerate(owners)))}
    people = list(dict.fromkeys(owners))
    following = dict(zip(people, [*people[1:], people[0]], strict=True))
    return [first[following[owner]] for owner in owners]


class Taste:
    """What all histories say of titles, and the verdicts of the `known` rows."""

    def __init__(self, rows: Sequence[Case], owners: Sequence[str], known: Sequence[int]) -> None:
        self._rows, self._owners = rows, owners
        self._sides = [(set(r.liked), set(r.disliked)) for r in rows]
        for i in known:
            self._sides[i][0 if rows[i].yes else 1].add(rows[i].target)
        self._voters: dict[str, dict[tuple[str, bool], int]] = {}
        for n, (liked, disliked) in enumerate(self._sides):
            for titles, verdict in ((liked, True), (disliked, False)):
                for title in titles:  # one vote a person, from one of his rows
                    self._voters.setdefault(title, {}).setdefault((owners[n], verdict), n)

    def score(self, row: int, taste: int | None = None) -> float:
        """How much the row's target is liked by others; they count more, the more they agree with the taste's row."""
        title = self._rows[row].target
        liked, disliked = self._sides[taste] if taste is not None else (set(), set())
        total, weight = 1.0, 2.0
        for (owner, verdict), n in self._voters.get(title, {}).items():
            if owner != self._owners[row]:
                theirs, not_theirs = (side - {title} for side in self._sides[n])
                agree = len(liked & theirs) + len(disliked & not_theirs)
                share = float(np.exp(agree - len(liked & not_theirs) - len(disliked & theirs)))
                total, weight = total + share * verdict, weight + share
        return total / weight
