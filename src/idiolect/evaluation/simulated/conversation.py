"""The loop: a simulated user and an assistant, session by session, turn by turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from idiolect.core.types import Message
from idiolect.evaluation.simulated.assistants import Assistant, Inquires, Learns
from idiolect.evaluation.simulated.likability import BEST, WORST, callback
from idiolect.evaluation.simulated.users import Move, Offer, Person, right

SHOWN = 8  # offers among which it is chosen what he shall choose between
SHARED = 0.5  # of the words of a known reply: from there on a reply is about the question


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One move, the reply, how the user rated it (1 to 5), whether it was right, and how many moves ago he told it.

    `grades`: the dimensions of likability that apply, 1 to 5; `edited`: the reply as he would have had it, where he put
    it right; `topical`: of an everyday question, whether the reply is about it.
    """

    move: Move
    reply: str
    rating: int
    right: bool | None
    distance: int
    grades: Mapping[str, int] = field(default_factory=dict)
    edited: str = ""
    topical: bool | None = None


@dataclass
class Talk:
    """What was said so far, and what he told: by question the place, the values that hold and those that are over."""

    person: Person
    assistant: Assistant
    said: list[Message] = field(default_factory=list)
    since: int = 0
    session: int = 0
    edits: int = 0
    told: dict[str, int] = field(default_factory=dict)
    holding: dict[str, str] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)
    offered: set[Offer] = field(default_factory=set)

    def turn(self, place: int, move: Move) -> Exchange | None:
        """One move and what comes of it; None for a choice, to which there is no reply."""
        if move.session != self.session:
            self.session, self.since, self.edits = move.session, len(self.said), 0
        if move.act == "choose":
            self._chooses(place)
            return None
        self.said.append(Message("user", move.text))
        reply = self.assistant.reply(tuple(self.said), self.since)
        self.said.append(Message("assistant", reply))
        exchange = Exchange(
            move=move,
            reply=reply,
            rating=self.person.rates(move, reply),
            right=right(move.fact, reply) if move.act in ("ask", "refer") else None,
            distance=place - self.told.get(move.fact.asks, place),
            grades=self._grades(move, reply),
            edited=self._edits(move, reply),
            topical=about(self.person, move, reply) if move.act == "open" else None,
        )
        if move.act in ("tell", "drift"):
            self._tells(place, move)
        if reply.rstrip().endswith("?"):
            self.said.append(Message("user", self.person.answers(reply)))
        return exchange

    def _tells(self, place: int, move: Move) -> None:
        self.told[move.fact.asks] = place
        if move.fact.old:
            self.over.add(move.fact.old)
        if move.text == move.fact.says:
            self.holding[move.fact.asks] = move.fact.value

    def _grades(self, move: Move, reply: str) -> dict[str, int]:
        found: dict[str, int] = {}
        if move.act == "open" and self.person.wants is not None:
            found = self.person.wants.grades(reply)
        if move.act == "refer":
            found["reference"] = BEST if right(move.fact, reply) else WORST
        if move.act not in ("ask", "refer"):
            over = self.over | ({move.fact.old} if move.fact.old else set())
            holding = [v for v in self.holding.values() if v not in over]
            grade = callback(move.text, reply, holding, over)
            found |= {} if grade is None else {"callback": grade}
        return found

    def _edits(self, move: Move, reply: str) -> str:
        """He puts an answer right, as long as his patience lasts; one who cannot be told so otherwise hears it said."""
        edited = self.person.edits(move, reply)
        if edited == reply or self.edits >= self.person.patience:
            return ""
        self.edits += 1
        if isinstance(self.assistant, Learns):
            self.assistant.learns(move.text, edited, reply)
        elif move.act == "open":
            self.said.append(Message("user", f"I would have liked this better: {edited}"))
        else:
            self.said.append(Message("user", move.fact.says))
        return edited

    def _chooses(self, place: int) -> None:
        """He is put two replies, by the assistant where it can ask, else at random, and says which he likes better."""
        draw = Random(f"{self.person.name}/{self.person.seed}/{place}")
        fresh = [o for o in self.person.offers if o not in self.offered]
        shown = draw.sample(fresh, min(SHOWN, len(fresh)))
        if not shown:
            return
        asks = isinstance(self.assistant, Inquires)
        offer = shown[self.assistant.inquires(shown) if asks else 0]  # type: ignore[attr-defined]
        self.offered.add(offer)
        liked = self.person.prefers(offer)
        if liked is None:
            return
        chosen, rejected = (offer.first, offer.second) if liked == 0 else (offer.second, offer.first)
        if isinstance(self.assistant, Learns):
            self.assistant.learns(offer.prompt, chosen, rejected)
        else:
            words = f'To "{offer.prompt}" I like the reply "{chosen}" better than "{rejected}".'
            self.said.append(Message("user", words))


def talk(person: Person, assistant: Assistant, most: int = 400) -> list[Exchange]:
    """All sessions; where the assistant asks back, the user answers before he goes on.

    Args:
        most: moves after which it ends in any case.
    """
    going = Talk(person, assistant)
    turns = (going.turn(place, move) for place, move in zip(range(most), person.moves(), strict=False))
    return [exchange for exchange in turns if exchange is not None]


def about(person: Person, move: Move, reply: str) -> bool:
    """Whether a reply has half of the words of a reply to that question that somebody wrote."""
    known = [move.fact.says, *(t for o in person.offers if o.prompt == move.text for t in (o.first, o.second))]
    there = _words(reply)
    return any(len(words & there) >= SHARED * len(words) for words in map(_words, set(known)) if words)


def _words(text: str) -> set[str]:
    return {w.strip(".,!?").lower() for w in text.split()} - {""}
