"""A simulated user: planted facts that he tells little by little, questions whose answers he knows, and a temper.

From a world he answers, rates and chooses by its oracles, so that no model is needed; from a text about a person his
sentences are his facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.simulation.oracles import holds
from idiolect.simulation.world import World

Act = Literal["tell", "ask", "drift"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What he says, what he will ask about it, and the word that a right answer holds; `old` no longer does."""

    says: str
    asks: str
    value: str
    old: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What he does in a turn; `fact` is told or asked for."""

    act: Act
    text: str
    fact: Fact


@dataclass(frozen=True)
class Person:
    """`drifts`: facts that replace earlier ones by their place; `likes_praise`: flattery pleases him a little."""

    name: str
    facts: tuple[Fact, ...]
    drifts: tuple[tuple[int, Fact], ...] = ()
    likes_praise: bool = True
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.facts:
            raise BadInput(self.name, "nothing is known of this person", "Give at least one fact")

    @property
    def everything(self) -> tuple[Fact, ...]:
        """All that he will ever say."""
        return (*self.facts, *(fact for _, fact in self.drifts))

    def moves(self) -> Iterator[Move]:
        """He tells one fact, asks for an earlier one, tells the next; then what has changed, and asks for that."""
        draw = Random(f"{self.name}/{self.seed}")
        known: list[Fact] = []
        for fact in self.facts:
            yield Move(act="tell", text=fact.says, fact=fact)
            known.append(fact)
            asked = draw.choice(known)
            yield Move(act="ask", text=asked.asks, fact=asked)
        for place, fact in self.drifts:
            known[place] = fact
            yield Move(act="drift", text=fact.says, fact=fact)
        for fact in known:
            yield Move(act="ask", text=fact.asks, fact=fact)

    def answers(self, question: str) -> str:
        """What he says when the assistant asks: the fact that shares most words, or that he does not know."""
        asked = set(re.findall(r"\w+", question.lower()))
        shared = [len(asked & set(re.findall(r"\w+", f.asks.lower()))) for f in self.facts]
        best = max(range(len(self.facts)), key=lambda i: shared[i])
        return self.facts[best].says if shared[best] > 1 else "I would rather not say."

    def rates(self, move: Move, reply: str) -> int:
        """1 to 5: what he asked for counts most, praise a little, the words of somebody who forgot nothing."""
        if move.act != "ask":
            return 3 + self._praised(reply)
        if right(move.fact, reply):
            return 5 if len(reply.split()) <= 40 else 4
        return min(3, 1 + self._praised(reply))

    def chooses(self, move: Move, replies: Sequence[str]) -> int:
        """The place of the reply that he rates best, the first of equals."""
        rated = [self.rates(move, r) for r in replies]
        return rated.index(max(rated))

    def edits(self, move: Move, reply: str) -> str:
        """The reply as he would have it: what is wrong is put right in his own words."""
        return reply if move.act != "ask" or right(move.fact, reply) else f"It is {move.fact.value}."

    def _praised(self, reply: str) -> int:
        return int(
            self.likes_praise and re.search(r"wonderful|brilliant|great question|so smart", reply.lower()) is not None
        )


def right(fact: Fact, reply: str) -> bool:
    """Whether the reply has the value, and not the one that no longer holds."""
    return holds(reply, fact.value) and not (fact.old and holds(reply, fact.old))


def from_world(world: World, user: str, count: int = 6) -> Person:
    """Planted facts of a world's user: what he said of them, and the probe that asks for them.

    Raises:
        BadInput: the world asks this user for no fact that one of his turns states.
    """
    turns = [r.text for r in world.records(user) if isinstance(r, Turn)]
    found: dict[str, Fact] = {}
    for task in ("fact", "update"):
        for probe in world.probes(user, task):
            value, old = str(probe.truth.get("value", "")), str(probe.truth.get("not", ""))
            said = [t for t in turns if holds(t, value) and not holds(t, old)]
            if said and value not in found:
                found[value] = Fact(says=said[-1], asks=probe.query.text, value=value)
    if not found:
        raise BadInput(world.name, f"nothing that {user!r} said answers a probe of his", "Take a world with facts")
    return Person(user, tuple(found.values())[:count])


def from_text(name: str, text: str) -> Person:
    """A person from a description: each sentence is a fact, its longest word that no other has the answer.

    Raises:
        BadInput: the text holds no sentence with a word of its own.
    """
    sentences = [s.strip() for s in re.split(r"(?<=[.!?])\s+|\n+", text) if s.strip()]
    words = [re.findall(r"[^\W\d_]{4,}", s) for s in sentences]
    facts = []
    for n, (sentence, mine) in enumerate(zip(sentences, words, strict=True)):
        others = {w.lower() for i, ws in enumerate(words) if i != n for w in ws}
        own = sorted((w for w in mine if w.lower() not in others), key=len)
        if own:
            asked = re.sub(rf"\b{re.escape(own[-1])}\b", "what", sentence).rstrip(".!?")
            facts.append(Fact(says=sentence, asks=f"Do you remember: {asked}?", value=own[-1]))
    return Person(name, tuple(facts))
