"""Does an explanation name the record that an answer rests on, where several of the same slot were shown?

Each person of a world has stated facts, some of them twice, the second time with another value. For each question two
sentences of the same slot about other people are planted beside them. What counts is a right answer for which at least
eight sources were shown, the planted record among them and two that could be confused with it: another person's, or
what held before. Its rank by importance (what the answer loses without a source) stands against its rank in retrieval
(the share of words that a source has in common with the question).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

from idiolect.applications.loop.door import ADDRESS, Door
from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.simulation.people import Probe
from idiolect.simulation.world import World, make

SHOWN, CONFUSABLE = 8, 2  # sources of an answer that counts, and those of them of the same slot
TASKS = ("fact", "update")
OTHERS = {  # how the same slot is stated of another person
    "like": "The favourite {key} of {name} is {value}.",
    "person": "The {key} of {name} is called {value}.",
    "meaning": "When {name} says {key}, it means {value}.",
    "name": "{name} has a friend who is called {value}.",
    "job": "{name} works as a {value}.",
    "home": "{name} lives in {value}.",
    "allergy": "{name} is allergic to {value}.",
    "language": "{name} is learning {value}.",
    "hobby": "The hobby of {name} is {value}.",
}
Tell = Callable[[str, int, int], object]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """right: how many answers are to count; the people of the world are asked until there are so many. shown: records
    that the method shows."""

    right: int = 64
    users: int = 64
    questions: int = 8
    seed: int = 4711
    shown: int = 10


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One answer that counts. rank, retrieved: place of the planted record, 1 the first, by importance and by words."""

    user: str
    question: str
    answer: str
    sources: int
    confusable: int
    rank: int
    retrieved: int


@dataclass(kw_only=True)
class Measured:
    """asked, right: answers, and those of them that are right; `judged` are those of the right ones that count."""

    plan: Plan
    asked: int = 0
    right: int = 0
    judged: list[Judged] = field(default_factory=list)

    @property
    def first(self) -> float:
        """Share of answers for which the planted record matters most."""
        return _share([j.rank == 1 for j in self.judged])

    @property
    def retrieved_first(self) -> float:
        """The same by retrieval alone."""
        return _share([j.retrieved == 1 for j in self.judged])

    def text(self) -> str:
        """The figures as lines."""
        head = f"{self.asked} asked, {self.right} right, {len(self.judged)} of these with {SHOWN} sources and more, "
        return (
            f"{head}{CONFUSABLE} of them confusable\n"
            f"the planted record is first: by importance {self.first:.3f}, by retrieval {self.retrieved_first:.3f}"
        )

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        found = asdict(self)
        return {**found, "first": self.first, "retrieved_first": self.retrieved_first}


def measure(plan: Plan, tell: Tell = lambda what, done, of: None) -> Measured:
    """Asks until `plan.right` answers count, or everybody was asked everything.

    Raises:
        BadInput: nobody else is there of whom the same could be said.
    """
    if plan.users < CONFUSABLE + 1:
        raise BadInput("reasons", f"{plan.users} users", f"Give {CONFUSABLE + 1} or more.")
    world = make(plan.seed, plan.users, history=1, probes=plan.questions)
    found = Measured(plan=plan)
    with TemporaryDirectory(prefix="idiolect-reasons-") as home, opened(Path(home), plan.shown) as door:
        for user in world.users:
            if len(found.judged) < plan.right:
                _asked(door, world, user, found)
                tell("answers that count", len(found.judged), plan.right)
    return found


@contextmanager
def opened(home: Path, shown: int) -> Iterator[Door]:
    """A door on the embedded model that shows so many records."""
    from fastapi.testclient import TestClient

    from idiolect.applications.server.app import create
    from idiolect.applications.server.service import Service
    from idiolect.applications.server.settings import load

    given: dict[str, Any] = {"server": {"encoder": "none"}, "feedback": {"adapter": ""}}
    service = Service(load(environment={}, home=home, trust_local=True, methods={"ipa": {"k": shown}}, **given))
    with TestClient(create(service), base_url=ADDRESS) as client:
        yield Door(service, client)


def _asked(door: Door, world: World, user: str, found: Measured) -> None:
    """One person's questions, each once."""
    own = [r for r in world.records(user) if isinstance(r, Turn)]
    others = {fact["value"]: planted(world, user, fact) for fact in world.truth[user]["facts"]}
    door.service.space("default").user(user).add([*own, *(t for turns in others.values() for t in turns)], wait=True)
    probes = {p.query.text: p for task in TASKS for p in world.probes(user, task)}
    for probe in probes.values():
        if len(found.judged) == found.plan.right:
            return
        text, answer = door.ask(user, probe.query.text, None)
        found.asked += 1
        if world.score(probe, text) < 1:
            continue
        found.right += 1
        why = door.post(f"users/{quote(user)}/answers/{answer}/explain", {}, method="GET")
        counted = judged(probe, own, others[probe.truth["value"]], why)
        if counted is not None:
            found.judged.append(counted)


def planted(world: World, user: str, fact: dict[str, str]) -> list[Turn]:
    """What he says of two others on the slot of one of his facts, with values that are third people's."""
    chance = Random(f"{world.name}/{user}/{fact['kind']}/{fact['key']}")
    strangers = chance.sample([u for u in world.users if u != user], CONFUSABLE)
    turns = []
    for place, stranger in enumerate(strangers):
        value = chance.choice(world.truth[stranger]["facts"])["value"]
        said = OTHERS[fact["kind"]].format(key=fact["key"], name=world.truth[stranger]["called"], value=value)
        when = world.records(user)[0].time + chance.random() * 1e8
        turns.append(Turn(id=f"other {fact['kind']} {fact['key']} {place}", text=said, time=when))
    return turns


def judged(probe: Probe, own: Sequence[Turn], others: Sequence[Turn], why: dict[str, Any]) -> Judged | None:
    """The ranks of the planted record in an explanation; None where the answer does not count."""
    value, old = probe.truth["value"], probe.truth.get("not")
    gold = {t.id for t in own if value in t.text}
    confusable = {t.id for t in others} | {t.id for t in own if old and old in t.text and value not in t.text}
    by_importance = [s["id"] for s in why["sources"]]
    by_words = [s["id"] for s in sorted(why["sources"], key=lambda s: -s["weight"])]
    near = len(confusable & set(by_importance))
    if why["basis"] != "mattered" or len(by_importance) < SHOWN or near < CONFUSABLE or not gold & set(by_importance):
        return None
    rank, retrieved = (1 + min(order.index(id) for id in gold if id in order) for order in (by_importance, by_words))
    return Judged(
        user=probe.user,
        question=probe.query.text,
        answer=why["answer"],
        sources=len(by_importance),
        confusable=near,
        rank=rank,
        retrieved=retrieved,
    )


def _share(held: Sequence[bool]) -> float:
    return sum(held) / len(held) if held else 0.0
