"""Which question to ask a user next, and how much his answers tell of what he wants.

A question is two replies between which he chooses, or finds neither better. What his answers tell is measured without
any method's own model of him: of all people that a world may plant, how many are left who would have answered so.

    bits(n)   = log2 |everybody| / |who would have answered these n as he did|          at most log2 72 = 6.17
    choices   = share of his other choices that the weights learnt from these n answers (`pref`) foresee, a tie a half
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from random import Random
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.adaptation.alignment.dimensions import measure
from idiolect.core.types import Message, Preference, UserData
from idiolect.evaluation.simulated.assistants import Assistant, most_telling
from idiolect.evaluation.simulated.users import Fact, Offer, Person
from idiolect.simulation.tastes import REPLIES, features

SHOWN = 6  # offers among which a question is chosen, the same for every way of choosing
KEPT = 16  # offers that are never asked, by which the learnt weights are judged
Answered = Sequence[tuple[Offer, int | None]]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


def _everybody() -> Ints:
    signs = np.array(list(product((-1, 0, 1), repeat=len(REPLIES))), dtype=np.int64)
    found: Ints = signs[(signs != 0).sum(axis=1) >= 2]
    return found


EVERYBODY = _everybody()
"""(72, 4): every feature of a reply wanted, unwanted or indifferent, two of them at least not indifferent."""


class Picker(Protocol):
    """Chooses a question: the place of one of the offers, after what he answered so far; None where it names none."""

    def pick(self, offers: Sequence[Offer], answered: Answered) -> int | None: ...


@dataclass
class Telling:
    """Ours: the pair of most information under a linear reward (`pref`), as the door asks."""

    method: PReF = field(default_factory=PReF)

    def pick(self, offers: Sequence[Offer], answered: Answered) -> int:
        return most_telling(self.method, choices(answered), offers)


@dataclass(frozen=True)
class Drawn:
    """Any, by chance."""

    seed: str = ""

    def pick(self, offers: Sequence[Offer], answered: Answered) -> int:
        return Random(f"{self.seed}/{len(answered)}").randrange(len(offers))


@dataclass
class Parting:
    """The best that can be had: the question whose answers part those who are left most evenly."""

    person: Person

    def pick(self, offers: Sequence[Offer], answered: Answered) -> int:
        left = remaining(self.person, answered)
        asked = {str(n): [str(a) for a in everybodys(self.person, o)[left]] for n, o in enumerate(offers)}
        return int(next_question(asked, ()))


@dataclass
class InWords:
    """The assistant itself, asked which question it would put; where its answer names none, nothing is asked, and that
    is counted in `unread`."""

    assistant: Assistant
    unread: int = 0

    def pick(self, offers: Sequence[Offer], answered: Answered) -> int | None:
        said = [f'I like "{one.chosen}" better than "{one.rejected}".' for one in choices(answered)]
        listed = [f"{n}. {o.prompt} A: {o.first} B: {o.second}" for n, o in enumerate(offers, 1)]
        text = "\n".join(
            [
                *said,
                "You may ask me one question: which of two replies, A or B, I like better. Which of these tells you "
                "most about how I like replies? Say its number alone.",
                *listed,
            ]
        )
        found = re.search(r"\d+", self.assistant.reply((Message("user", text),)))
        place = int(found[0]) - 1 if found else -1
        if 0 <= place < len(offers):
            return place
        self.unread += 1
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Elicited:
    """After each question: bits told so far; and which share of his other choices can be foreseen from them."""

    bits: tuple[float, ...]
    choices: tuple[float, ...]


def elicit(person: Person, picker: Picker, questions: int) -> Elicited:
    """Asks one person so many questions; offers are shown in the same order to every picker."""
    asked, kept = list(person.offers[KEPT:]), person.offers[:KEPT]
    answered: list[tuple[Offer, int | None]] = []
    bits, foreseen = [], []
    for n in range(questions):
        draw = Random(f"{person.name}/{person.seed}/{n}")
        fresh = [o for o in asked if o not in {o for o, _ in answered}]
        if not fresh:
            break
        shown = draw.sample(fresh, min(SHOWN, len(fresh)))
        place = picker.pick(shown, answered)
        if place is not None:
            answered.append((shown[place], person.prefers(shown[place])))
        bits.append(math.log2(len(EVERYBODY) / remaining(person, answered).sum()))
        foreseen.append(_foreseen(person, answered, kept))
    return Elicited(bits=tuple(bits), choices=tuple(foreseen))


def remaining(person: Person, answered: Answered) -> Mask:
    """(72,): who of everybody would have answered all of this so."""
    left = np.ones(len(EVERYBODY), dtype=np.bool_)
    for offer, taken in answered:
        left &= everybodys(person, offer) == (0 if taken is None else 1 - 2 * taken)
    return left


def everybodys(person: Person, offer: Offer) -> Ints:
    """(72,): what everybody would answer: 1 for the first reply, -1 for the second, 0 where they like both as much."""
    assert person.wants is not None
    lexicon = person.wants.lexicon["reply"]
    pair = [features(lexicon, text) for text in (offer.first, offer.second)]
    first, second = (np.array([seen[name] for name in REPLIES]) for seen in pair)
    cared = EVERYBODY != 0
    ahead = (cared & (first == EVERYBODY)).sum(axis=1) - (cared & (second == EVERYBODY)).sum(axis=1)
    found: Ints = np.sign(ahead)
    return found


def choices(answered: Answered) -> list[Preference]:
    """His answers as records; where he found neither better there is none."""
    found = []
    for n, (offer, taken) in enumerate(answered):
        if taken is not None:
            liked, other = (offer.first, offer.second) if taken == 0 else (offer.second, offer.first)
            found.append(Preference(id=f"c{n}", time=float(n), prompt=offer.prompt, chosen=liked, rejected=other))
    return found


def next_question(asked: Mapping[str, Sequence[str]], known: Sequence[Fact]) -> str:
    """Elicitation: of several questions the one whose answers split people most evenly, asked of those who fit so far.

    Args:
        asked: by question, what each person would answer. known: what is told already; its questions are not asked.
    """
    done = {f.asks for f in known}
    gains = {q: _entropy(answers) for q, answers in asked.items() if q not in done}
    return max(gains, key=lambda q: gains[q]) if gains else ""


def pickers(person: Person) -> dict[str, Callable[[], Picker]]:
    """Ours, chance, and the best that can be had."""
    return {
        "ours": Telling,
        "random": lambda: Drawn(f"{person.name}/{person.seed}"),
        "best": lambda: Parting(person),
    }


def _foreseen(person: Person, answered: Answered, kept: Sequence[Offer]) -> float:
    """Share of the kept choices that the learnt weights foresee; a half where they are silent, as before any answer."""
    own = PReF().adapt(UserData(user_id=person.name, records=tuple(choices(answered))), None)
    found = []
    for offer in kept:
        taken = person.prefers(offer)
        if taken is not None:
            ahead = float((measure(offer.first) - measure(offer.second)) @ own.known.arrays[0]) if own else 0.0
            found.append(0.5 if abs(ahead) < 1e-9 else float((ahead > 0) == (taken == 0)))
    return float(np.mean(found)) if found else 0.5


def _entropy(answers: Sequence[str]) -> float:
    """In bits: how much the answer tells of who is asked."""
    _, counts = np.unique(np.asarray(answers), return_counts=True)
    shares = counts / counts.sum()
    return float(-(shares * np.log2(shares)).sum())
