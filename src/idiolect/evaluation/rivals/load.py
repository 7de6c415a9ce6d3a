"""Facts of made-up people: sentences of few forms, so that names and places alone tell many of them apart."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from random import Random

# fmt: off
PEOPLE = (
    "Asel", "Bram", "Coral", "Dario", "Edda", "Femi", "Gita", "Hugo", "Imre", "Jun",
    "Kira", "Lars", "Mona", "Nils", "Orla", "Pia", "Quinn", "Rosa", "Sven", "Tara",
)
TOWNS = (
    "Aarhus", "Bilbao", "Cork", "Dakar", "Essen", "Faro", "Graz", "Hobart", "Izmir",
    "Jena", "Kobe", "Leeds", "Mainz", "Nantes", "Oulu", "Porto", "Riga", "Siena",
)
# fmt: on
THINGS = ("a green lamp", "a wool coat", "old maps", "a violin", "two tickets", "a clay pot", "black tea", "a tent")
FORMS = (
    ("In {t} I gave {p} {x}.", "What did I give {p} in {t}?"),
    ("{p} lent me {x} when we stayed in {t}.", "What did {p} lend me in {t}?"),
    ("I lost {x} in {t}, and {p} found it.", "What of mine did {p} find in {t}?"),
    ("{p} from {t} wants {x} for the new flat.", "What would {p} from {t} like for the flat?"),
    ("For {x} I have to write to {p} in {t}.", "Why do I have to write to {p} in {t}?"),
    ("I sold {x} to {p} at the market of {t}.", "What did {p} buy from me in {t}?"),
)
MOST = len(FORMS) * len(PEOPLE) * len(TOWNS)


@dataclass(frozen=True, slots=True)
class Said:
    """A text to keep. time: POSIX seconds; None: now."""

    text: str
    session: str = ""
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a user's memory, and the texts that answer it; `sessions`: where they were said."""

    user: str
    query: str
    wanted: tuple[str, ...]
    sessions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Load:
    """By user what he says, in order; and the questions."""

    said: dict[str, tuple[Said, ...]]
    asked: tuple[Asked, ...]

    @property
    def texts(self) -> list[str]:
        """Everything that has to be encoded."""
        told = (one.text for texts in self.said.values() for one in texts)
        return list(dict.fromkeys([*told, *(a.query for a in self.asked)]))


def made(users: int, memories: int, queries: int, seed: int = 0) -> Load:
    """So many people with so many facts each (at most 2,160), and so many questions, dealt round the people."""
    people = [f"user-{n}" for n in range(users)]
    told = {user: _facts(Random(f"{seed}/{user}"), memories) for user in people}
    draw = Random(f"{seed}/asked")
    asked = []
    for n in range(queries):
        user = people[n % users]
        fact, query = draw.choice(told[user])
        asked.append(Asked(user, query, (fact,)))
    return Load({user: tuple(Said(fact) for fact, _ in pairs) for user, pairs in told.items()}, tuple(asked))


def _facts(draw: Random, count: int) -> list[tuple[str, str]]:
    slots = draw.sample(list(product(FORMS, PEOPLE, TOWNS)), count)
    return [
        (said.format(p=person, t=town, x=draw.choice(THINGS)), question.format(p=person, t=town))
        for (said, question), person, town in slots
    ]
