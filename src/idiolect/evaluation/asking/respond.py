"""Learn once, adapt all users in lockstep, answer in batches.

A method that knows people through `learn` alone learns when the users are at hand: from the learners' histories and
from theirs, of which nothing is asked that is in them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from idiolect.core.idiolect import Source as Shown
from idiolect.core.method import Learnt, flow
from idiolect.core.model import Model
from idiolect.core.requests import Ask, Flow, Key
from idiolect.core.types import Query, UserData
from idiolect.evaluation.costs import Metered
from idiolect.evaluation.tasks import Question
from idiolect.generation.drive import run, run_many

BATCH = 256  # queries put to the model at once


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A method that has learnt and adapted: theta, each user's own, and the seconds that took.

    learners: kept where `learn` still waits for the users. parts: of a composition whose parts learn apart, left and
    right.
    """

    method: Any
    label: str
    seed: int
    theta: Any
    owns: Mapping[str, Any] = field(default_factory=dict)
    learn_seconds: float = 0.0
    adapt_seconds: float = 0.0  # a user
    learners: Sequence[UserData] = ()
    parts: tuple[Ready, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with the data and the own under which it is answered."""

    question: Question
    data: UserData | None = None
    own: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`milliseconds`: the wall time of the batch, divided by its queries; what a server had been asked before
    (`recalled`) counts with the time that it took then."""

    question: Question
    text: str
    data_of: str
    prompt_tokens: int = 0
    milliseconds: float = 0.0
    sources: frozenset[Shown] = frozenset()
    recalled: bool = False


def learn(method: Any, label: str, seed: int, learners: Sequence[UserData], model: Model) -> Ready:
    """theta, from users of whom nothing is asked; later, with the users, where the card says `through="learn"`."""
    if method.card.through == "learn":
        return Ready(method=method, label=label, seed=seed, theta=None, learners=learners)
    return replace(_learnt(method, label, seed, learners, model), owns={})


def joined(method: Any, label: str, parts: tuple[Ready, ...]) -> Ready:
    """A composition of two that have learnt and adapted apart: pairs of what they hold."""
    left, right = parts
    return Ready(
        method=method,
        label=label,
        seed=left.seed,
        theta=(left.theta, right.theta),
        owns={u: (own, right.owns[u]) for u, own in left.owns.items()},
        learn_seconds=left.learn_seconds + right.learn_seconds,
        adapt_seconds=left.adapt_seconds + right.adapt_seconds,
        parts=parts,
    )


def _learnt(method: Any, label: str, seed: int, learners: Sequence[UserData], model: Model) -> Ready:
    start = _clock(model)
    learnt: Learnt[Any, Any] = run(flow(method.learn(learners)), {"base": model}, Key(seed, label))
    seconds = _clock(model) - start
    return Ready(
        method=method, label=label, seed=seed, theta=learnt.theta, owns=dict(learnt.owns), learn_seconds=seconds
    )


def adapt(ready: Ready, people: Mapping[str, UserData], model: Model) -> Ready:
    """The own of each user, all in lockstep, so that they train in one slot-wise run."""
    if ready.parts:
        return joined(ready.method, ready.label, tuple(adapt(p, people, model) for p in ready.parts))
    if ready.method.card.through == "learn":
        everybody = {u.user_id: u for u in ready.learners} | dict(people)  # who is both: as he is given here
        met = _learnt(ready.method, ready.label, ready.seed, tuple(everybody.values()), model)
        return replace(met, owns={u: met.owns.get(u) for u in people}, learners=ready.learners)
    keys = {u: Key(ready.seed, ready.label, u) for u in people}
    start = _clock(model)
    flows = {keys[u]: flow(ready.method.adapt(data, ready.theta)) for u, data in people.items()}
    done = run_many(flows, {"base": model})
    seconds = (_clock(model) - start) / max(len(people), 1)
    return replace(ready, owns={u: done[keys[u]] for u in people}, adapt_seconds=seconds)


def answer(ready: Ready | None, asked: Sequence[Asked], model: Metered) -> Iterator[list[Answer]]:
    """The answers, a batch at a time; without a method, the model's alone."""
    for start in range(0, len(asked), BATCH):
        yield _batch(ready, asked[start : start + BATCH], model)


def _batch(ready: Ready | None, asked: Sequence[Asked], model: Metered) -> list[Answer]:
    seed, label = (ready.seed, ready.label) if ready else (0, "")
    keys = [Key(seed, label, f"{a.question.user}/{a.question.id}") for a in asked]
    start = _clock(model)
    flows = {k: _flow(ready, a) for k, a in zip(keys, asked, strict=True)}
    texts = run_many(flows, {"base": model})
    milliseconds = (_clock(model) - start) * 1000 / len(asked)
    answers = []
    for key, a in zip(keys, asked, strict=True):
        note = model.take(key)
        answers.append(
            Answer(
                question=a.question,
                text=str(texts[key]),
                data_of=a.data.user_id if a.data else "",
                prompt_tokens=note.prompt_tokens,
                milliseconds=milliseconds,
                sources=frozenset(note.sources),
                recalled=note.recalled,
            )
        )
    return answers


def _clock(model: Model) -> float:
    """Seconds; they run on by what answers took that were known, so that no look-up passes for asking."""
    return time.perf_counter() + float(getattr(model, "saved", 0.0))


def _flow(ready: Ready | None, asked: Asked) -> Flow[str]:
    if ready is None or asked.data is None:
        return plain(asked.question.query)
    respond: Flow[str] = flow(ready.method.respond(asked.data, asked.question.query, ready.theta, asked.own))
    return respond


def plain(query: Query) -> Flow[str]:
    """M_0(q): no method, no data."""
    texts = yield Ask(query=query)
    return str(texts[0])
