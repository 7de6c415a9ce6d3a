"""What an answer is compared with: another user's data, one model for everybody, plain copying.

own      the method under the user's own data
base     no method at all
swapped  the same query under the whole data of somebody else, his id included
pooled   the method fitted on everybody's history, without knowing whose it is (see `pooling`)
copy     the answer of the user's nearest example, by BM25: no model at all
cousin   the cheaper relative that the method's card names
shuffled the method under the user's own records with their times dealt out anew (see `controls`)
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from idiolect.core.types import Attribute, Preference, Query, Record, Turn, UserData
from idiolect.evaluation.tasks import Question, Source
from idiolect.retrieval.bm25 import BM25, words
from idiolect.retrieval.protocol import searched

EXAMPLES = {"choose": "reply"}  # a task whose examples are those of another


def swapped(users: Sequence[str], seed: int = 0, person: Callable[[str], str] = str) -> dict[str, str]:
    """Whose data stands in for whose: the next in one seeded circle who is another person, the same for all methods.

    Nobody gets his own; where all are one person, there is nobody else's.
    """
    order = [users[i] for i in np.random.default_rng(seed).permutation(len(users))]
    if len({person(u) for u in order}) < 2:
        return {}
    twice = order * 2
    return {u: next(v for v in twice[n + 1 :] if person(v) != person(u)) for n, u in enumerate(order)}


def bearing(user: UserData, task: str) -> tuple[Record, ...]:
    """His records that bear on a task, oldest first: its examples where he has such (to choose between replies, his
    choices); else what he stated, where wishes are asked for, and what he told, where anything else is."""
    sources = {e.source for e in user.examples(EXAMPLES.get(task, task))}
    if sources:
        return tuple(r for r in user.records if r.id in sources)
    found = tuple(r for r in user.records if (_stated(r) if task == "preference" else isinstance(r, Turn)))
    return found or user.records


def _stated(record: Record) -> bool:
    return isinstance(record, Attribute) or (isinstance(record, Preference) and not record.prompt)


def recent(user: UserData, task: str, length: int) -> UserData:
    """The user with only the last `length` records that bear on a task."""
    found = bearing(user, task)
    return replace(user, records=found[max(0, len(found) - length) :])


class Copy:
    """Answers by copying: what a method must beat to have done more than find.

    Where the user has examples of the task, the answer of the nearest one. Elsewhere the learners' most frequent
    answer frame, filled with the rarest word of the user's nearest record.
    """

    def __init__(self, source: Source, learners: Sequence[UserData]) -> None:
        self._counts: Counter[str] = Counter()
        for person in learners:
            self._counts.update({w for r in person.records for w in words(searched(r))})
        self._people = max(len(learners), 1)
        self._source, self._learners = source, [p.user_id for p in learners]
        self._frames: dict[str, str] = {}

    def answer(self, question: Question, user: UserData) -> str:
        """The copied text; empty where there is nothing to copy."""
        examples = {e.source: e.target for e in user.examples(question.task)}
        pool = [r for r in user.records if r.id in examples or not examples]
        hits = BM25().rank(needle(question.query), pool, 1).ids
        if examples:
            return examples[hits[0]] if hits else ""
        frame = self._frames.setdefault(question.task, self._frame(question.task))
        nearest = next((searched(r) for r in pool if hits and r.id == hits[0]), "")
        return frame.replace("{}", self._rarest(nearest))

    def _frame(self, task: str) -> str:
        """The commonest target of the learners with its rarest word left open."""
        targets = [q.target for u in self._learners for q in self._source.questions(u, task)]
        frames = Counter(t.replace(self._rarest(t), "{}") if self._rarest(t) else t for t in targets)
        return frames.most_common(1)[0][0] if frames else "{}"

    def _rarest(self, text: str) -> str:
        """The word that fewest learners use, as written; the last of several."""
        marks = text.split()
        known = [(self._use(w), -i, w.strip(".,;:!?\"'()")) for i, w in enumerate(marks)]
        return min(known)[2] if known else ""

    def _use(self, word: str) -> float:
        parts = words(word)
        return min((self._counts[w] / self._people for w in parts), default=math.inf)


def needle(query: Query) -> str:
    """What is searched for: the bare item where the task has one, else what the user says."""
    return query.input or query.text


def permuted(data: Mapping[str, UserData], person: Callable[[str], str] = str) -> dict[str, UserData]:
    """For each user the data that stands in for his."""
    return {u: data[v] for u, v in swapped(sorted(data), person=person).items()}
