"""Assistants in the loop: three scripted ones whose order is known, and any model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from idiolect.core.model import Model
from idiolect.core.requests import Ask, Flow, Key, Sampling
from idiolect.core.types import Message, Query
from idiolect.evaluation.simulated.users import Fact, Person
from idiolect.generation.drive import run

PRAISE = "What a wonderful question, you are brilliant!"


class Assistant(Protocol):
    """Answers the last message of a conversation."""

    def reply(self, said: Sequence[Message]) -> str: ...


@dataclass(frozen=True)
class Perfect:
    """Remembers all that was said, and answers with the latest that bears on the question."""

    facts: tuple[Fact, ...]
    within: int = 0  # messages of the user that are remembered; 0: all

    def reply(self, said: Sequence[Message]) -> str:
        told = [m.content for m in said[:-1] if m.role == "user"]
        told = told[max(0, len(told) - self.within) :] if self.within else told
        if said[-1].content not in {f.asks for f in self.facts}:
            return "Noted."
        bearing = [(told.index(f.says), f.value) for f in self.facts if f.asks == said[-1].content and f.says in told]
        return f"It is {max(bearing)[1]}." if bearing else "I am sorry, I do not remember."


def perfect(person: Person) -> Perfect:
    """The scripted assistant that forgets nothing."""
    return Perfect(person.everything)


def forgetful(person: Person) -> Perfect:
    """The same, of the user's last two messages alone."""
    return Perfect(person.everything, within=2)


def flattering(person: Person) -> Flattering:
    """The scripted assistant that praises, and remembers nothing."""
    del person
    return Flattering()


SCRIPTED: dict[str, Callable[[Person], Assistant]] = {
    "flattering": flattering,
    "forgetful": forgetful,
    "perfect": perfect,
}


@dataclass(frozen=True)
class Flattering:
    """Praises, whatever was said."""

    def reply(self, said: Sequence[Message]) -> str:
        return PRAISE


@dataclass(frozen=True)
class Asked:
    """Any model behind `Ask`: the embedded one, a local folder, or an OpenAI-compatible URL (`models.openai`)."""

    model: Model
    name: str = "model"

    def reply(self, said: Sequence[Message]) -> str:
        return run(_once(tuple(said)), {"base": self.model}, Key(0, self.name))


def _once(said: tuple[Message, ...]) -> Flow[str]:
    answers: tuple[str, ...] = yield Ask(query=Query(messages=said), sampling=Sampling(max_tokens=96))
    return answers[0]
