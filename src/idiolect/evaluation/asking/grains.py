"""Whose data personalises: the user's, that of people like him, or everybody's; and his data from other domains.

group      a few people like him stand for him: which, his first records say
everybody  all people stand for him
across     what he did in every domain but the one that he is asked about

Groups are of learners, of whom nothing is asked: k-means over what they answered to what, never fewer than five
people. Somebody without a record, or without any likeness, is of the largest group. A crowd is one made-up user who has
all its people's records on the task, the latest of each where they are too many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.core.types import Record, UserData
from idiolect.evaluation.asking import arms, respond
from idiolect.evaluation.asking.respond import Asked, Ready
from idiolect.evaluation.costs import Metered
from idiolect.evaluation.ledger import FULL
from idiolect.evaluation.tasks import Question
from idiolect.retrieval.bm25 import words
from idiolect.retrieval.protocol import searched

ARMS = ("group", "everybody", "across")
EVERYBODY = "everybody"
SMALLEST, MOST = 5, 4  # people in a group; groups
LARGEST = 256  # records of a crowd


@dataclass(frozen=True)
class Groups:
    """Learners in groups by what they do on one task.

    crowds: one made-up user a group, the largest group first.
    """

    crowds: tuple[UserData, ...]
    centres: Any  # (groups, features), unit rows
    weigh: Any  # texts of a person -> (1, features)

    def of(self, first: Sequence[Record], task: str) -> UserData:
        """The crowd that stands for a person of whom these records are known."""
        likeness = np.asarray(self.weigh([habits(first, task)]) @ self.centres.T).ravel()
        return self.crowds[int(np.argmax(likeness)) if likeness.max(initial=0) > 0 else 0]


def grouped(learners: Sequence[UserData], task: str) -> Groups:
    """The groups of a task.

    Raises:
        BadInput: nobody to form a group of.
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.cluster import KMeans
        from sklearn.feature_extraction import DictVectorizer
        from sklearn.feature_extraction.text import TfidfTransformer
        from sklearn.pipeline import make_pipeline
    except ImportError as error:
        raise MissingExtra("scikit-learn", "eval") from error
    known = [habits(arms.bearing(p, task), task) for p in learners]
    if not any(known):
        fix = "Give learners with records, or leave out the arm group"
        raise BadInput("groups", f"no learner has a record on {task!r}", fix)
    weigh = make_pipeline(DictVectorizer(), TfidfTransformer(sublinear_tf=True)).fit(known)
    people = np.asarray(weigh.transform(known).todense())
    count = max(1, min(MOST, len(learners) // SMALLEST))
    labels = KMeans(count, n_init=10, random_state=0).fit_predict(people)
    kept = [g for g, size in Counter(labels.tolist()).most_common() if size >= min(SMALLEST, len(learners))]
    means = np.stack([people[labels == g].mean(axis=0) for g in kept] or [people.mean(axis=0)])
    centres = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    nearest = np.argmax(people @ centres.T, axis=1)  # who was of a group too small joins the nearest
    members = [[p for p, g in zip(learners, nearest, strict=True) if g == n] for n in range(len(centres))]
    crowds = tuple(crowd(m, task, f"group {n + 1} of {len(centres)}") for n, m in enumerate(members))
    return Groups(crowds, centres, weigh.transform)


def habits(records: Sequence[Record], task: str) -> dict[str, int]:
    """What a person answers, and to what: words of his answers alone, and with each word of what was asked."""
    examples = list(UserData(user_id="", records=tuple(records)).examples(task))
    if not examples:
        return Counter(w for r in records for w in words(searched(r)))
    found: Counter[str] = Counter()
    for e in examples:
        said = words(e.target)[:8]
        found.update(said)
        found.update(f"{asked} => {answer}" for asked in set(words(e.query.text)) for answer in said)
    return found


def crowd(people: Sequence[UserData], task: str, name: str) -> UserData:
    """Many people as one: their records on the task, oldest first."""
    share = max(1, LARGEST // max(len(people), 1))
    records = [replace(r, id=f"{p.user_id}/{r.id}") for p in people for r in arms.bearing(p, task)[-share:]]
    return UserData(user_id=name, records=tuple(sorted(records, key=lambda r: (r.time, r.id))))


def elsewhere(user: UserData, task: str) -> UserData:
    """The user without what he did on a task: what is left was learnt in other domains."""
    sources = {e.source for e in user.examples(arms.EXAMPLES.get(task, task))}
    return replace(user, records=tuple(r for r in user.records if r.id not in sources))


class Grains:
    """The crowds of one method under one seed, adapted to once a task."""

    def __init__(self, ready: Ready, learners: Sequence[UserData], model: Metered) -> None:
        self._ready, self._learners, self._model = ready, learners, model
        self._groups: dict[str, tuple[Groups, Ready]] = {}

    def asked(
        self, arm: str, task: str, history: int, questions: Sequence[Question], people: dict[str, UserData]
    ) -> tuple[Ready, list[Asked]]:
        """The questions of a cell, each with the data that stands for the user."""
        if arm == "group":
            groups, ready = self._grouped(task)
            known = {
                u: arms.bearing(people[u], task)[: None if history == FULL else history] for u in _users(questions)
            }
            data = {u: groups.of(first, task) for u, first in known.items()}
        elif arm == "everybody":
            whole = crowd(self._learners, task, EVERYBODY)
            data, ready = dict.fromkeys(people, whole), self._adapted([whole])
        else:
            data = {u: elsewhere(people[u], task) for u in _users(questions)}
            ready = self._adapted(list(data.values()))
        stand = [(q, data[q.user]) for q in questions]
        return ready, [Asked(question=q, data=d, own=ready.owns[d.user_id]) for q, d in stand]

    def _grouped(self, task: str) -> tuple[Groups, Ready]:
        if task not in self._groups:
            groups = grouped(self._learners, task)
            self._groups[task] = groups, self._adapted(groups.crowds)
        return self._groups[task]

    def _adapted(self, data: Sequence[UserData]) -> Ready:
        return respond.adapt(self._ready, {d.user_id: d for d in data}, self._model)


def _users(questions: Sequence[Question]) -> list[str]:
    return list(dict.fromkeys(q.user for q in questions))
