"""A simulated user: facts that he tells little by little, questions whose answers he knows, wishes, and a temper."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeVar

from idiolect.core.errors import BadInput
from idiolect.evaluation.simulated.likability import Wants
from idiolect.simulation.oracles import holds

Act = Literal["tell", "ask", "drift", "refer", "open", "choose"]
RATINGS = 5
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What he says, what he will ask about it, and the word that a right answer holds; `old` no longer does.

    `before`: what has to be known too, told in a message of its own; `time`: when he says it, in POSIX seconds. Of an
    everyday question, which nothing told answers, `value` is empty and `says` is the reply as he would write it.
    """

    says: str
    asks: str
    value: str
    old: str = ""
    before: str = ""
    time: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Two replies to a question, between which he may be asked to choose."""

    prompt: str
    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What he does in a turn; `fact` is told or asked for."""

    act: Act
    text: str
    fact: Fact
    session: int = 0


@dataclass(frozen=True)
class Person:
    """`drifts`: facts that replace earlier ones by their place; `likes_praise`: flattery pleases him a little.

    Args:
        sessions: into how many conversations his life is cut, in the order of `Fact.time`.
        opens: everyday questions, dealt out over the sessions. wants: what he likes in the replies to them.
        offers: pairs that he may be asked to choose between, `choices` times a session.
        patience: how many answers of a session he puts right.
    """

    name: str
    facts: tuple[Fact, ...]
    drifts: tuple[tuple[int, Fact], ...] = ()
    likes_praise: bool = True
    seed: int = 0
    sessions: int = 1
    opens: tuple[Fact, ...] = ()
    wants: Wants | None = None
    offers: tuple[Offer, ...] = ()
    choices: int = 0
    patience: int = 0

    def __post_init__(self) -> None:
        if not self.facts:
            raise BadInput(self.name, "nothing is known of this person", "Give at least one fact")
        if self.sessions < 1:
            raise BadInput(self.name, f"{self.sessions} sessions", "Give at least one")

    @property
    def everything(self) -> tuple[Fact, ...]:
        """All that he will ever say."""
        return (*self.facts, *(fact for _, fact in self.drifts))

    def moves(self) -> Iterator[Move]:
        """Session by session: he tells a fact or what has changed, asks for an earlier one; chooses between replies,
        asks what everybody asks; at the end of the last he asks for all that holds."""
        draw = Random(f"{self.name}/{self.seed}")
        known: dict[int, Fact] = {}
        stated = [(place, fact, False) for place, fact in enumerate(self.facts)]
        stated += [(place, fact, True) for place, fact in self.drifts]
        stated.sort(key=lambda one: one[1].time)
        for session in range(self.sessions):
            for place, fact, changed in _part(stated, session, self.sessions):
                if fact.before:
                    yield Move(act="tell", text=fact.before, fact=fact, session=session)
                yield Move(act="drift" if changed else "tell", text=fact.says, fact=fact, session=session)
                known[place] = fact
                if not changed:
                    yield _asks(draw.choice(list(known.values())), session)
            yield from self._besides(session)
        for fact in known.values():
            yield _asks(fact, self.sessions - 1)

    def _besides(self, session: int) -> Iterator[Move]:
        """The session's choices and everyday questions."""
        for _ in range(self.choices if self.offers else 0):
            yield Move(act="choose", text="", fact=Fact(says="", asks="", value=""), session=session)
        for fact in _part(self.opens, session, self.sessions):
            yield Move(act="open", text=fact.asks, fact=fact, session=session)

    def answers(self, question: str) -> str:
        """What he says when the assistant asks: the fact that shares most words, or that he does not know."""
        asked = set(re.findall(r"\w+", question.lower()))
        shared = [len(asked & set(re.findall(r"\w+", f.asks.lower()))) for f in self.facts]
        best = max(range(len(self.facts)), key=lambda i: shared[i])
        return self.facts[best].says if shared[best] > 1 else "I would rather not say."

    def rates(self, move: Move, reply: str) -> int:
        """1 to 5: what he asked for counts most, praise a little, the words of somebody who forgot nothing; of replies
        to everyday questions the share of his wishes that they meet."""
        if move.act in ("open", "choose") and self.wants is not None:
            return 1 + round((RATINGS - 1) * self.wants.satisfaction(reply))
        if move.act not in ("ask", "refer"):
            return 3 + self._praised(reply)
        if right(move.fact, reply):
            return 5 if len(reply.split()) <= 40 else 4
        return min(3, 1 + self._praised(reply))

    def chooses(self, move: Move, replies: Sequence[str]) -> int:
        """The place of the reply that he rates best, the first of equals."""
        rated = [self.rates(move, r) for r in replies]
        return rated.index(max(rated))

    def prefers(self, offer: Offer) -> int | None:
        """0 for the first of two replies, 1 for the second; None where he likes both as much."""
        move = Move(act="choose", text=offer.prompt, fact=Fact(says="", asks=offer.prompt, value=""))
        replies = (offer.first, offer.second)
        return self.chooses(move, replies) if len({self.rates(move, r) for r in replies}) > 1 else None

    def edits(self, move: Move, reply: str) -> str:
        """The reply as he would have it: what is wrong is put right, what displeases him is written anew."""
        if move.act == "open":
            return reply if not move.fact.says or self.rates(move, reply) > 2 else move.fact.says
        return reply if move.act not in ("ask", "refer") or right(move.fact, reply) else f"It is {move.fact.value}."

    def _praised(self, reply: str) -> int:
        return int(
            self.likes_praise and re.search(r"wonderful|brilliant|great question|so smart", reply.lower()) is not None
        )


def right(fact: Fact, reply: str) -> bool:
    """Whether the reply has the value, and not the one that no longer holds."""
    return holds(reply, fact.value) and not (fact.old and holds(reply, fact.old))


def _asks(fact: Fact, session: int) -> Move:
    return Move(act="refer" if fact.before else "ask", text=fact.asks, fact=fact, session=session)


def _part(those: Sequence[T], session: int, sessions: int) -> Sequence[T]:
    """One of so many equal parts, in order."""
    return those[len(those) * session // sessions : len(those) * (session + 1) // sessions]
