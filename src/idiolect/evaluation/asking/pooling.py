"""One model for everybody: the method under one nameless person, who has done all that those people did.

What a method fits for a user it fits for him, once, on all their records together; no record says whose it was, and
every question is answered under him. theta stays, as it stays for each user. It is learnt anew, of him alone, where
the card says so (`pooled="theta"`): what people are found to differ in is found by knowing whose choices are whose.

`Prepared` holds what has been learnt. Parts that learn apart are the methods alone: they learn once, for their own
rows and for the composition's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from idiolect.composition import Composed, named
from idiolect.core.model import Model
from idiolect.core.types import Interaction, Post, Preference, Record, UserData
from idiolect.evaluation.asking.again import Again
from idiolect.evaluation.asking.arms import EXAMPLES
from idiolect.evaluation.asking.respond import Ready, adapt, joined, learn

NAMELESS = "everybody"
CHOICES = "reply"  # the task of which choices between replies are examples


@dataclass(kw_only=True, eq=False)
class Prepared:
    """Methods that have learnt and adapted to everybody.

    shared: names of those that a composition needs again; the others are not kept. Of the method prepared last the
    trainings of `learn` are known: its cousin takes them where it asks for the same.
    """

    learners: Sequence[UserData]
    people: Mapping[str, UserData]
    model: Model
    shared: Collection[str] = ()
    _ready: list[Ready] = field(default_factory=list)
    _again: tuple[str, int, Again] | None = None

    def ready(self, method: Any, label: str, seed: int) -> Ready:
        """theta and everybody's own."""
        for known in self._ready:
            if (known.label, known.seed, known.method) == (label, seed, method):
                return known
        if isinstance(method, Composed) and method.apart:
            parts = tuple(self.ready(m, named(m), seed) for m in (method.left, method.right))
            return joined(method, label, parts)
        model = self._knowing(label, seed)
        made = adapt(learn(method, label, seed, self.learners, model), self.people, model)
        if label in self.shared:
            self._ready.append(made)
        return made

    def _knowing(self, label: str, seed: int) -> Again:
        """The model, with what it was asked to learn for this method under this seed."""
        if self._again is None or self._again[:2] != (label, seed):
            self._again = (label, seed, Again(self.model))
        return self._again[2]


def pooled(ready: Ready, people: Mapping[str, UserData], model: Model) -> tuple[UserData, Ready]:
    """The nameless person of these people, and the method that has adapted to him."""
    everybody = nameless(people, ready.method)
    if ready.method.card.pooled == "theta":
        ready = learn(ready.method, ready.label, ready.seed, [everybody], model)
    return everybody, adapt(ready, {NAMELESS: everybody}, model)


def nameless(people: Mapping[str, UserData], method: Any) -> UserData:
    """All that these people did of what the method learns from, as one person's, in order of time.

    What they say of themselves is left out: it would say who they are.
    """
    tasks = getattr(method, "tasks", ())
    done = [r for u in people.values() for r in u.records if r.kind in method.card.data and _teaches(r, tasks)]
    done.sort(key=lambda r: (r.time, r.id))
    return UserData(NAMELESS, tuple(replace(r, id=str(n)) for n, r in enumerate(done)))


def _teaches(record: Record, tasks: Collection[str]) -> bool:
    """Whether an example is made of it, of one of the tasks where such are named."""
    if isinstance(record, (Post, Interaction)):
        return not tasks or record.task in tasks
    asked = {EXAMPLES.get(task, task) for task in tasks}
    return isinstance(record, Preference) and bool(record.prompt) and (not asked or CHOICES in asked)
