"""The loop: a simulated user and an assistant, turn by turn."""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.core.types import Message
from idiolect.evaluation.simulated.assistants import Assistant
from idiolect.evaluation.simulated.users import Move, Person, right


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One move, the reply, how the user rated it (1 to 5), whether it was right, and how many moves ago he told it."""

    move: Move
    reply: str
    rating: int
    right: bool | None
    distance: int


def talk(person: Person, assistant: Assistant, most: int = 100) -> list[Exchange]:
    """A whole conversation; where the assistant asks back, the user answers before he goes on."""
    said: list[Message] = []
    told: dict[str, int] = {}
    found = []
    for place, move in enumerate(person.moves()):
        if place >= most:
            break
        said.append(Message("user", move.text))
        reply = assistant.reply(tuple(said))
        said.append(Message("assistant", reply))
        if move.act != "ask":
            told[move.fact.asks] = place
        verdict = right(move.fact, reply) if move.act == "ask" else None
        distance = place - told.get(move.fact.asks, place)
        found.append(
            Exchange(move=move, reply=reply, rating=person.rates(move, reply), right=verdict, distance=distance)
        )
        if reply.rstrip().endswith("?"):
            said.append(Message("user", person.answers(reply)))
    return found
