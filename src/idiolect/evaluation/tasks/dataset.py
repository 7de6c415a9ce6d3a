"""Questions of a data set that some reader read: LaMP, a set of `sets`, or one's own messages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from idiolect.core.errors import BadInput
from idiolect.core.layout import ask
from idiolect.core.types import Post, Record, Turn
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.policy import STUDY
from idiolect.data.store import MemoryStore
from idiolect.evaluation import metrics
from idiolect.evaluation.metrics import Metric
from idiolect.evaluation.tasks import Question

METRICS = {"tag": "accuracy", "cite": "accuracy", "rate": "mae"}  # all other tasks are texts: ROUGE-L
FURTHER = {"tag": ("f1_macro",), "cite": (), "rate": ("rmse",)}  # of texts: ROUGE-1; as LaMP is reported
FEW = 4  # people below which nobody can be spared for theta
CONTINUE = "continue"
SHORTEST = 4  # words of a message that can be halved


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is known of a data set besides people and questions.

    metric, further: what scores all its tasks, and the names of what is reported beside; None: as the tasks' names say.
    groups: by user, what he has in common with others. persons: by user, who he is, where several users are one person.
    """

    metric: Metric | None = None
    further: tuple[str, ...] = ()
    groups: Mapping[str, str] = field(default_factory=dict)
    persons: Mapping[str, str] = field(default_factory=dict)


class DatasetSource:
    """The people that have questions. Half of them, drawn by the hash of their names, are learnt from and not asked;
    with `learners` 0 all are asked, and methods learn from their records."""

    def __init__(self, dataset: Dataset, *, users: int, learners: int, told: Told | None = None) -> None:
        """
        Raises:
            BadInput: the data set asks nobody anything.
        """
        self.name, self._dataset, self._told = dataset.name, dataset, told or Told()
        asked = dict.fromkeys(q.user for q in dataset.questions)
        if not asked:
            raise BadInput(dataset.name, "it holds no question", "Give data with at least one question to a user")
        apart = [u for u in asked if _half(u)] if learners and len(asked) >= FEW else []
        spared = set(apart)
        self.users = tuple(u for u in asked if u not in spared)[:users] or tuple(asked)[:users]
        self.learners = tuple(apart[:learners]) or self.users
        self.tasks = tuple(dict.fromkeys(q.task for q in dataset.questions))
        self._questions: dict[tuple[str, str], list[Question]] = {}
        for q in dataset.questions:
            made = Question(id=q.id, user=q.user, task=q.task, query=q.query, target=q.target, reference=q.target)
            self._questions.setdefault((q.user, q.task), []).append(made)

    def store(self) -> MemoryStore:
        """Everybody's records."""
        store = MemoryStore(STUDY)
        self._dataset.fill(store)
        return store

    def questions(self, user: str, task: str) -> tuple[Question, ...]:
        """In the data set's order."""
        return tuple(self._questions.get((user, task), ()))

    def group(self, user: str) -> str:
        """As the set names it."""
        return self._told.groups.get(user, "")

    def person(self, user: str) -> str:
        """Himself, where the set does not ask one person under several names."""
        return self._told.persons.get(user, user)

    def metric(self, task: str) -> Metric:
        """The set's own; else accuracy for labels, mean absolute error for ratings, ROUGE-L for texts."""
        return self._told.metric or metrics.get(METRICS.get(task, "rouge_l"))

    def further(self, task: str) -> tuple[str, ...]:
        """The set's own; else macro-F1 for labels, root mean squared error for ratings, ROUGE-1 for texts."""
        return self._told.further or (() if self._told.metric else FURTHER.get(task, ("rouge_1",)))


def _half(user: str) -> bool:
    return int(hashlib.md5(user.encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 1


def continued(dataset: Dataset, queries: int = 16) -> Dataset:
    """One's own messages as a task: the second half of a message from the first, in the words of who wrote it.

    Of every person the last fifth of the messages (at most `queries`) is asked, the earlier ones are examples.

    Raises:
        BadInput: nobody wrote five messages of four words.
    """
    people: dict[str, tuple[Record, ...]] = {}
    asked: list[Asked] = []
    for user, records in dataset.people.items():
        said = [r for r in records if isinstance(r, Turn) and r.role == "user" and len(r.text.split()) >= SHORTEST]
        late = said[len(said) - min(queries, len(said) // 5) :] if len(said) >= 5 else []
        cut = late[0].time if late else float("inf")
        chosen = {r.id for r in said}
        people[user] = tuple(_example(r) if r.id in chosen else r for r in records if r.time < cut)
        for turn in late:
            post = _example(turn)
            query = ask(CONTINUE, post.prompt, time=post.time)
            asked.append(Asked(id=turn.id, user=user, task=CONTINUE, query=query, target=post.text))
    if not asked:
        what = f"nobody wrote five messages of at least {SHORTEST} words"
        raise BadInput(dataset.name, what, "Give more messages, so that the later can be predicted from the earlier")
    return replace(dataset, people=people, questions=tuple(asked))


def _example(turn: Record) -> Post:
    assert isinstance(turn, Turn)
    spoken = turn.text.split()
    half = len(spoken) // 2
    first, second = " ".join(spoken[:half]), " ".join(spoken[half:])
    return Post(id=turn.id, time=turn.time, task=CONTINUE, prompt=first, text=second, local_only=turn.local_only)
