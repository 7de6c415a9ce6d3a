"""Assistants in the loop: scripted ones whose order is known, any model, and a user's handle of a space."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.core.model import Model
from idiolect.core.requests import Ask, Flow, Key, Sampling
from idiolect.core.types import Message, Preference, Query, UserData
from idiolect.evaluation.simulated.users import Fact, Offer, Person
from idiolect.generation.drive import run

PRAISE = "What a wonderful question, you are brilliant!"
FORGOT = "I am sorry, I do not remember."


class Assistant(Protocol):
    """Answers the last message of all that was `said`; the present session begins at the place `since`."""

    def reply(self, said: Sequence[Message], since: int = 0) -> str: ...


@runtime_checkable
class Learns(Protocol):
    """Is told what he preferred, by a channel of its own; others are told in words."""

    def learns(self, prompt: str, chosen: str, rejected: str) -> None: ...


@runtime_checkable
class Inquires(Protocol):
    """Chooses between which two replies he shall choose: the place of one of the offers."""

    def inquires(self, offers: Sequence[Offer]) -> int: ...


@dataclass(frozen=True)
class Perfect:
    """Remembers all that was said, and answers with the latest that bears on the question."""

    facts: tuple[Fact, ...]
    within: int = 0  # messages of the user that are remembered; 0: all

    def reply(self, said: Sequence[Message], since: int = 0) -> str:
        told = [m.content for m in said[:-1] if m.role == "user"]
        told = told[max(0, len(told) - self.within) :] if self.within else told
        if said[-1].content not in {f.asks for f in self.facts}:
            return "Noted."
        latest = {text: place for place, text in enumerate(told)}
        bearing = [(latest[f.says], f.value) for f in self.facts if f.asks == said[-1].content and f.says in latest]
        return f"It is {max(bearing)[1]}." if bearing else FORGOT


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


def adapting(person: Person) -> Adapting:
    """The scripted assistant that writes as he likes it, and remembers nothing."""
    return Adapting(person.opens)


SCRIPTED: dict[str, Callable[[Person], Assistant]] = {
    "flattering": flattering,
    "forgetful": forgetful,
    "perfect": perfect,
}


@dataclass(frozen=True)
class Flattering:
    """Praises, whatever was said."""

    def reply(self, said: Sequence[Message], since: int = 0) -> str:
        return PRAISE


@dataclass(frozen=True)
class Adapting:
    """Replies to everyday questions in his manner, and to nothing else."""

    opens: tuple[Fact, ...]

    def reply(self, said: Sequence[Message], since: int = 0) -> str:
        written = {f.asks: f.says for f in self.opens}
        return written.get(said[-1].content, FORGOT if said[-1].content.endswith("?") else "Noted.")


@dataclass(frozen=True)
class Asked:
    """Any model behind `Ask`: the embedded one, a local folder, or an OpenAI-compatible URL (`models.openai`).

    whole: whether it is sent all that was ever said; else the present session alone, as products do.
    """

    model: Model
    name: str = "model"
    whole: bool = True
    tokens: int = 96

    def reply(self, said: Sequence[Message], since: int = 0) -> str:
        given = tuple(said if self.whole else said[since:])
        return run(self._once(given), {"base": self.model}, Key(0, self.name))

    def _once(self, said: tuple[Message, ...]) -> Flow[str]:
        answers: tuple[str, ...] = yield Ask(query=Query(messages=said), sampling=Sampling(max_tokens=self.tokens))
        return answers[0]


class Handle(Protocol):
    """Of a user in a space that was opened with a model (`idiolect.open`)."""

    def chat(self, text: str) -> Any: ...

    def add(self, messages: Any) -> Any: ...


@dataclass
class Kept:
    """Ours: what he says is kept in his space and answered from there; his choices are records, as the door's are."""

    handle: Handle
    picker: PReF = field(default_factory=PReF)
    chosen: list[Preference] = field(default_factory=list)

    def reply(self, said: Sequence[Message], since: int = 0) -> str:
        return str(self.handle.chat(said[-1].content))

    def learns(self, prompt: str, chosen: str, rejected: str) -> None:
        one = Preference(id=secrets.token_hex(8), time=time.time(), prompt=prompt, chosen=chosen, rejected=rejected)
        self.handle.add([one])
        self.chosen.append(one)

    def inquires(self, offers: Sequence[Offer]) -> int:
        return most_telling(self.picker, self.chosen, offers)


def most_telling(picker: PReF, chosen: Sequence[Preference], offers: Sequence[Offer]) -> int:
    """The place of the pair of most information on his weights, given what he chose; the first where none tells."""
    own = picker.adapt(UserData(user_id="he", records=tuple(chosen)), None) if chosen else None
    pool = [Query(messages=(Message("user", o.prompt),), candidates=(o.first, o.second)) for o in offers]
    return picker.inquire(None, own, pool) or 0
