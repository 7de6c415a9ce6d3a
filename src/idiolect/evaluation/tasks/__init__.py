"""Where questions come from: a source holds users, what they said, and what they are asked afterwards.

| source | users | questions | scored by |
|---|---|---|---|
| `world` | planted | every task of the world | its oracle |
| `dataset` | of LaMP, or of one's own messages | theirs; or the last messages, continued | accuracy, MAE or ROUGE-L |
| `sets` | of public sets that need a generating model | theirs | the letter of an option, ROUGE |
| `locomo` | conversations | which turns hold the evidence | recall of turns, without a model |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from idiolect.core.types import Query
from idiolect.data.store import MemoryStore
from idiolect.evaluation.metrics import Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to a user, later than all that a method sees of him.

    `reference` is what the metric compares with: the target's text, or what an oracle knows.
    """

    id: str
    user: str
    task: str
    query: Query
    target: str
    reference: Any


class Source(Protocol):
    """Users, their records and their questions. Scores are of `users`; theta is learnt from `learners`."""

    @property
    def name(self) -> str: ...
    @property
    def users(self) -> tuple[str, ...]: ...
    @property
    def learners(self) -> tuple[str, ...]: ...
    @property
    def tasks(self) -> tuple[str, ...]: ...
    def store(self) -> MemoryStore:
        """All records that methods may see, under their users."""
        ...

    def questions(self, user: str, task: str) -> tuple[Question, ...]:
        """His questions of one task, in a fixed order."""
        ...

    def group(self, user: str) -> str:
        """What he is known to have in common with others; empty where nothing is known."""
        ...

    def person(self, user: str) -> str:
        """Who he is: the same for several users who are one person at several times."""
        ...

    def metric(self, task: str) -> Metric:
        """What scores that task."""
        ...

    def further(self, task: str) -> tuple[str, ...]:
        """Names of other metrics of prediction and target that it is reported in."""
        ...
