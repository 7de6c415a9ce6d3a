"""What the contract suite tries methods on: a store of people, random models, and verbs driven with every request seen.

Run as a program, it loads what another process saved and scores it (see `elsewhere`).
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor

from idiolect import registry
from idiolect.core.idiolect import Idiolect
from idiolect.core.layout import ask
from idiolect.core.method import Method, flow
from idiolect.core.requests import Fit, Flow, Item, Key, Recipe, Score
from idiolect.core.types import Attribute, Interaction, Post, Preference, Query, Record, Relation, Turn, UserData
from idiolect.data import artifacts
from idiolect.data.store import MemoryStore
from idiolect.generation.drive import run, run_many
from idiolect.governance.view import view
from idiolect.models.hf import HFModel
from idiolect.personalize import compose

NAMES = sorted(registry.names())
FAMILIES = ("llama", "lfm2")
LEARNERS = tuple(f"learner{i}" for i in range(7))
SHARING = LEARNERS[:2]
DAY = 86400.0
QUERY = ask("tag", "a film about ships", time=100 * DAY)
ANSWER = "salty"


def records(name: str) -> list[Record]:
    """Thirteen short records of all kinds; both halves have posts and interactions."""
    r = Random(name)
    word = lambda: r.choice(["ship", "rain", "love", "war", "tea", "sun", "dog", "sea", "jazz", "snow"])  # noqa: E731
    label = lambda: r.choice(["salty", "sweet", "dull", "odd"])  # noqa: E731
    made: list[Record] = [
        Attribute(id="job", name="job", value=f"{word()} {r.randint(1, 99)}"),
        Attribute(id="wish", name="wants", value=f"{word()} answers"),
        Turn(id="turn", text=f"I like {word()}."),
        Interaction(id="tag0", task="tag", prompt=f"on {word()} {r.randint(1, 99)}", text=label()),
        Post(id="head0", task="headline", prompt=f"{word()} {word()}", text=f"Oh, {word()}!"),
        Interaction(id="rate0", task="rate", prompt=f"good {word()}", text=str(r.randint(1, 5))),
        Preference(id="pair", prompt=f"{word()}?", chosen=word(), rejected="no"),
        Relation(id="sister", name="sister", value=word().title()),
        Preference(id="want", dimension=f"more {word()}", weight=1.0),
        Interaction(id="tag1", task="tag", prompt=f"of {word()} {r.randint(1, 99)}", text=label()),
        Post(id="head1", task="headline", prompt=f"{word()} {word()}", text=f"Oh, {word()}..."),
        Interaction(id="rate1", task="rate", prompt=f"bad {word()}", text=str(r.randint(1, 5))),
        Turn(id="late", text=f"Now I like {word()}."),
    ]
    return [replace(x, time=i * DAY) for i, x in enumerate(made)]


def another(record: Record) -> Record:
    """A record of the same kind, task and time that says something else."""
    match record:
        case Attribute() | Relation():
            return replace(record, value="zebra 7")
        case Turn():
            return replace(record, text="Zebras are striped.")
        case Post() | Interaction():
            return replace(record, text="zebra")
        case Preference() if record.prompt:
            return replace(record, chosen="zebra")
        case Preference():
            return replace(record, dimension="zebras")


def people(*, changed: Mapping[tuple[str, str], Callable[[Record], Record]] | None = None) -> MemoryStore:
    """Ann, Bob, seven learners of whom two share, and a stranger whom nobody reads; some records changed."""
    store = MemoryStore()
    for name in ("ann", "bob", "cid", "stranger", *LEARNERS):
        change = {id: f for (owner, id), f in (changed or {}).items() if owner == name}
        store.append(name, [change.get(x.id, lambda same: same)(x) for x in records(name)])
    for name in SHARING:
        store.consent(name, "assist", "train", "share")
    return store


def person(name: str, store: MemoryStore | None = None) -> UserData:
    return view(store or people(), name, neighbours=("stranger", *SHARING))


def learners(n: int = 6) -> list[UserData]:
    return [person(name) for name in LEARNERS[:n]]


@cache
def model(family: str, double: bool = False) -> HFModel:
    made = HFModel.random(family)
    if double:
        made.module.double()
    return made


def quick(method: Any, *, steps: int = 4) -> Any:
    """The method with every recipe in it cut to a few large steps; nothing is dropped out."""
    changed: dict[str, Any] = {}
    for f in fields(method):
        value = getattr(method, f.name)
        if isinstance(value, Recipe):
            changed[f.name] = replace(value, lr=1e-2, steps=steps, batch=4, warmup=0.0)
        elif is_dataclass(value) and not isinstance(value, type):
            changed[f.name] = quick(value, steps=steps)
    return replace(method, **changed)


@dataclass(frozen=True, eq=False)
class Asked:
    """One request of a verb, its answer, and the hooks that stood on the model while it was pending."""

    request: Any
    answer: Any
    hooks: int


def watched(verb: Any, on: HFModel, seen: list[Asked]) -> Flow[Any]:
    """The same flow, with each request noted."""
    steps = flow(verb)
    answer = None
    while True:
        try:
            request = steps.send(answer)
        except StopIteration as stop:
            return stop.value
        standing = hooks(on)
        answer = yield request
        seen.append(Asked(request, answer, standing))


def hooks(on: HFModel) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in on.module.modules())


@dataclass(frozen=True, eq=False)
class Trial:
    """A method on a model: verbs run one after the other, requests in `seen`."""

    name: str
    on: HFModel
    method: Method[Any, Any]
    seen: list[Asked]
    seed: int = 0

    def run(self, verb: Any, user: str = "") -> Any:
        return run(watched(verb, self.on, self.seen), {"base": self.on}, self.key(user))

    def run_many(self, verbs: Mapping[str, Any]) -> dict[str, Any]:
        """By user, in lockstep."""
        flows = {self.key(u): watched(v, self.on, self.seen) for u, v in verbs.items()}
        return {key.user: value for key, value in run_many(flows, {"base": self.on}).items()}

    def key(self, user: str) -> Key:
        return Key(seed=self.seed, method=self.name, user=user)

    def learn(self, n: int = 6) -> Any:
        return self.run(self.method.learn(learners(n))).theta

    def adapt(self, user: UserData, theta: Any, own: Any = None) -> Any:
        return self.run(self.method.adapt(user, theta, own), user.user_id)

    def meet(self, user: UserData, theta: Any = None) -> tuple[Any, Any]:
        """(theta, own) once the method knows the user: adapted to him, or learnt anew where it knows by that alone."""
        if self.method.card.through == "adapt":
            theta = self.learn() if theta is None else theta
            return theta, self.adapt(user, theta)
        made = self.run(self.method.learn([*learners(1), user]))
        return made.theta, made.owns[user.user_id]

    def condition(self, user: UserData, theta: Any, own: Any, query: Query = QUERY) -> Idiolect:
        made: Idiolect = self.run(self.method.condition(user, query, theta, own), user.user_id)
        return made

    def score(self, *idiolects: Idiolect, query: Query = QUERY, answer: str = ANSWER) -> list[Tensor]:
        """Log-probabilities of the answer's tokens under each."""
        items = tuple(Item(query=query, answer=answer, idiolect=i) for i in idiolects)
        (scored,) = self.on.answer([Score(items=items)], [self.key("")])
        return [s.log_probs for s in scored]


def trial(name: str, on: HFModel, *, steps: int = 4, seed: int = 0) -> Trial:
    """A fresh trial of a method or a composition."""
    parts = [quick(compose(p), steps=steps) for p in name.split(" | ")]
    method = parts[0]
    for part in parts[1:]:
        from idiolect.composition import Composed

        method = Composed(left=method, right=part)
    return Trial(name, on, method, [], seed)


@cache
def learnt(name: str, family: str) -> tuple[Trial, Any, Any, Idiolect]:
    """(trial, theta, Ann's own, Ann's Idiolect), computed once a session."""
    t = trial(name, model(family))
    theta, own = t.meet(person("ann"))
    return t, theta, own, t.condition(person("ann"), theta, own)


def digest(value: Any) -> str:
    """A name for a nest of dataclasses, containers, functions and tensors, bit for bit."""
    h = hashlib.sha256()
    for part in leaves(value):
        h.update(part.detach().contiguous().numpy().tobytes() if isinstance(part, Tensor) else repr(part).encode())
    return h.hexdigest()


def leaves(value: Any) -> list[Any]:
    """Everything in a value, in one order; names of fields and keys among it."""
    if isinstance(value, Tensor):
        return [tuple(value.shape), value]
    if is_dataclass(value) and not isinstance(value, type):
        return [type(value).__name__, *(x for f in fields(value) for x in (f.name, *leaves(getattr(value, f.name))))]
    if isinstance(value, Mapping):
        return [x for k, v in sorted(value.items(), key=repr) for x in (k, *leaves(v))]
    if isinstance(value, (frozenset, set)):
        return [*sorted(value, key=repr)]
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, len(value), *(x for v in value for x in leaves(v))]
    return [getattr(value, "__qualname__", value)]


def skeleton(value: Any) -> list[Any]:
    """Names and shapes alone."""
    return [x for x in leaves(value) if not isinstance(x, Tensor)]


def distance(a: Any, b: Any) -> float:
    """Largest difference of numbers in two values of the same names and shapes; infinite where these differ."""
    if skeleton(a) != skeleton(b):
        return float("inf")
    pairs = [(x, y) for x, y in zip(leaves(a), leaves(b), strict=True) if isinstance(x, Tensor)]
    return max((float((x.double() - y.double()).abs().max()) for x, y in pairs if x.numel()), default=0.0)


def lockstep(name: str, family: str, users: int, steps: int, *, double: bool) -> tuple[Trial, Trial, dict[str, float]]:
    """(alone, together, distance of each user's own)."""
    on = model(family, double)
    alone, together = trial(name, on, steps=steps), trial(name, on, steps=steps)
    store = people()
    for i in range(users):
        store.append(f"user{i}", records(f"user{i}")[: 6 + i % 8])  # unequal histories
    data = {f"user{i}": person(f"user{i}", store) for i in range(users)}
    one = {u: alone.adapt(d, None) for u, d in data.items()}
    many = together.run_many({u: together.method.adapt(d, None) for u, d in data.items()})
    return alone, together, {u: distance(one[u], many[u]) for u in data}


def losses(t: Trial) -> dict[str, tuple[float, ...]]:
    return {u: x for a in t.seen if isinstance(a.request, Fit) for u, x in a.answer.losses.items()}


@cache
def elsewhere(family: str, folder: Path) -> dict[str, Any]:
    """Each method's theta and own of Ann, saved here, loaded and scored in another process: numbers, or what failed."""
    for name in NAMES:
        _, theta, own, _ = learnt(name, family)
        artifacts.save(folder / name / "theta", theta)
        artifacts.save(folder / name / "own", own, theta=theta)
    command = [sys.executable, __file__, family, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    scores: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return scores


def main(family: str, folder: str) -> None:
    torch.set_num_threads(1)
    scores: dict[str, Any] = {}
    for name in NAMES:
        t = trial(name, model(family))
        try:
            theta = artifacts.load(Path(folder) / name / "theta")
            own = artifacts.load(Path(folder) / name / "own", theta=theta)
            (log_probs,) = t.score(t.condition(person("ann"), theta, own))
            scores[name] = log_probs.tolist()
        except Exception as error:  # the others are still told
            scores[name] = repr(error)
    print(json.dumps(scores))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
