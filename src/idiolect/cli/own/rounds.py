"""Many users' `adapt` on one model: in rounds, so that memory grows with a round, and each round is published whole.

A round is always of the same users. What was published under the same plan is not trained again; of what was cut off,
training goes on from its last state. Either way the numbers are those of a run that was never stopped.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from idiolect.cli.own.shelf import Shelf, saved, told
from idiolect.core.errors import BadInput, IdiolectError, StoreError
from idiolect.core.method import Learnt, flow
from idiolect.core.model import Around
from idiolect.core.requests import Fit, Fitted, Flow, Key, Request
from idiolect.core.types import UserData
from idiolect.data import artifacts
from idiolect.generation.drive import run, run_many
from idiolect.training import loop

ROUND = 64  # users
EVERY = 30.0  # seconds between two states of a training
OWNS = "owns"  # what `learn` made for users, beside the states of its training
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is trained for whom.

    Args:
        options: of each part of the method, as they are in force.
        kept: whether the people's records lie in the space of the shelf, so that what is learnt goes with them.
    """

    spec: str
    method: Any
    options: Mapping[str, Any]
    model: Any
    seed: int
    name: str
    users: Mapping[str, UserData]
    learners: Sequence[UserData]
    kept: bool = False

    def seen(self, people: Iterable[UserData]) -> tuple[UserData, ...]:
        """Whose records the shelf is told of."""
        return tuple(people) if self.kept else ()

    @cached_property
    def about(self) -> dict[str, Any]:
        """What an adapter says of itself; `plan` names all that its numbers depend on, every word of a record too."""
        said = {"method": self.spec, "options": dict(self.options), "model": self.model.name, "seed": self.seed}
        said |= {"base": self.model.digest}
        people = [told_by(u) for u in self.users.values()], [told_by(u) for u in self.learners]
        text = json.dumps([said, people, ROUND], default=repr, sort_keys=True)
        return said | {"plan": hashlib.sha256(text.encode()).hexdigest()[:16]}


def told_by(user: UserData) -> list[Any]:
    """A user's id with a digest of all that his records say, and the same of his neighbours."""
    digest = hashlib.sha256(repr(user.records).encode()).hexdigest()
    return [user.user_id, digest, [told_by(n) for n in user.neighbours]]


@dataclass(kw_only=True)
class Done:
    """Whose adapters are published, who had nothing to learn from, and who could not be trained.

    `full` says what the disk refused. Where that kept an adapter from its user, what was reached is kept for --resume.
    """

    published: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # published before
    without: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    full: str = ""
    seconds: float = 0.0


def adapt(job: Job, shelf: Shelf, tell: Tell, *, resume: bool) -> Done:
    """Learns theta, then adapts and publishes round by round; a user who fails stops nobody else.

    Raises:
        BadInput: resume=True, and what was cut off was another plan.
    """
    start, done, about = time.perf_counter(), Done(), job.about
    if not resume:
        shelf.clear(job.name)
    scratch = shelf.scratch(job.name)
    _same(scratch / "plan", about["plan"], resume)
    watched = Watched(job.model)
    with _kept(scratch, tell, done):
        theta, owns = _theta(job, shelf, watched, resume=resume)
        users = list(job.users)
        for first in range(0, len(users), ROUND):
            some = users[first : first + ROUND]
            if resume and all(_published(shelf, u, job.name, about["plan"]) for u in some):
                done.kept += some
                continue
            made = _round(job, theta, owns, some, watched)
            for user, own in made.items():
                _publish(job, shelf, done, user, own, theta=theta, losses=watched.losses.pop(user, ()))
    if not (done.full and done.failed):
        shelf.clear(job.name)
    done.seconds = time.perf_counter() - start
    return done


def _theta(job: Job, shelf: Shelf, model: Watched, *, resume: bool) -> tuple[Any, dict[str, Any]]:
    """theta, and the own of whom `learn` met: kept under the same plan, else learnt."""
    about, beside = job.about, shelf.scratch(job.name) / OWNS
    kept = shelf.theta(job.name) if resume and not shelf.stale(job.name) else None
    if kept and kept["plan"] == about["plan"]:
        if artifacts.exists(beside):
            return kept["theta"], artifacts.load(beside, theta=kept["theta"])
        if all(_published(shelf, u, job.name, about["plan"]) for u in job.users):
            return kept["theta"], {}
    people = {u.user_id: u for u in job.learners}
    if job.method.card.through == "learn":
        people |= dict(job.users)
    key = Key(seed=job.seed, method=job.name)
    learnt: Learnt[Any, Any] = run(flow(job.method.learn(list(people.values()))), {"base": model}, key)
    owns = {u: own for u, own in learnt.owns.items() if u in job.users}
    losses = {u: list(numbers) for u, numbers in model.losses.items()}
    model.losses.clear()
    saved(beside, owns, theta=learnt.theta)  # until each is in its user's folder
    shelf.publish_theta(job.name, {**about, "losses": losses}, learnt.theta, seen=job.seen(people.values()))
    kept = shelf.theta(job.name)  # as a later process reads it
    assert kept is not None
    return kept["theta"], artifacts.load(beside, theta=kept["theta"])


def _round(job: Job, theta: Any, owns: Mapping[str, Any], users: Sequence[str], model: Watched) -> dict[str, Any]:
    """Each user's own, or the error that stopped him."""
    keys = {u: Key(seed=job.seed, method=job.name, user=u) for u in users}
    flows = {keys[u]: guarded(job.method.adapt(job.users[u], theta)) for u in users if u not in owns}
    made = {k.user: own for k, own in run_many(flows, {"base": model}).items()}
    return {u: owns[u] if u in owns else made[u] for u in users}


def _publish(job: Job, shelf: Shelf, done: Done, user: str, own: Any, *, theta: Any, losses: Sequence[float]) -> None:
    if isinstance(own, IdiolectError):
        done.failed[user] = str(own)
    elif own is None:
        done.without.append(user)
    else:
        about = {**job.about, "losses": list(losses)}
        try:
            shelf.publish(user, job.name, about, own, theta, seen=job.seen([job.users[user]]))
        except BadInput as error:  # he went while he was trained
            done.failed[user] = str(error)
        except StoreError as error:  # the disk is full, or his folder cannot be written
            done.failed[user] = done.full = str(error)
        else:
            done.published.append(user)


def guarded(verb: Any) -> Flow[Any]:
    """A flow whose deliberate errors are its result, so that the others in lockstep go on."""
    try:
        return (yield from flow(verb))
    except IdiolectError as error:
        return error


class Watched(Around):
    """A model that notes the losses of every `Fit` on its way, by user; "" are everybody's."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self.losses: dict[str, tuple[float, ...]] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        answers = super().answer(requests, keys)
        for request, answer in zip(requests, answers, strict=True):
            if isinstance(request, Fit) and isinstance(answer, Fitted):
                for user, numbers in answer.losses.items():
                    self.losses[user] = (*self.losses.get(user, ()), *numbers)
        return answers


class States:
    """The states of trainings as artifacts of a folder, one written every so many seconds.

    Training goes on where one cannot be written: `done` says so, and a kill then costs what came since the last.
    """

    def __init__(self, path: Path, done: Done) -> None:
        self.path, self.done, self._last = path, done, time.monotonic()

    @property
    def due(self) -> bool:
        return time.monotonic() - self._last >= EVERY

    def save(self, name: str, state: dict[str, Any]) -> None:
        try:
            saved(self.path / name, state)
        except StoreError as error:
            self.done.full = str(error)
        self._last = time.monotonic()

    def load(self, name: str) -> dict[str, Any] | None:
        return artifacts.load(self.path / name) if artifacts.exists(self.path / name) else None


@contextmanager
def _kept(scratch: Path, tell: Tell, done: Done) -> Iterator[None]:
    """Trainings within keep their states there, and tell how far they are."""

    def told_of(now: loop.Progress) -> None:
        tell(f"training {now.users} users, loss {now.loss:.3f}", now.done, now.total)

    loop.checkpoints, loop.progress = States(scratch, done), told_of
    try:
        yield
    finally:
        loop.checkpoints = loop.progress = None


def _published(shelf: Shelf, user: str, name: str, plan: str) -> bool:
    """Whether his adapter of this plan lies there; one that is damaged does not."""
    return any(about.get("plan") == plan for about in shelf.all(user) if about["name"] == name)


def _same(path: Path, plan: str, resume: bool) -> None:
    if resume and path.exists() and path.read_text(encoding="utf-8") != plan:
        what = "the method, its settings, the model, the users or their records have changed since"
        raise BadInput(path, what, "Leave --resume out to begin anew.")
    with told(path):
        path.write_text(plan, encoding="utf-8")
