"""A model of a few lines, and a world of a few people, so that a whole evaluation takes no time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from idiolect.core.layout import ask
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Key, Request
from idiolect.core.types import Interaction
from idiolect.simulation.people import Probe
from idiolect.simulation.world import World

TAGS = ("salty", "sweet", "cold", "warm", "loud", "soft", "old")


class Parrot:
    """Says what stands last in its prompt after "=>"; with nothing there, that it does not know."""

    name, digest, access = "parrot", "parrot-1", Access.TEXT

    def __init__(self) -> None:
        self.asked = 0

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        self.asked += len(requests)
        return [(self._say(r),) for r in requests]

    def _say(self, request: Request) -> str:
        assert isinstance(request, Ask)
        lines = [x for s in request.idiolect.streams for b in s.context for x in b.lines if "=>" in x]
        return lines[-1].partition("=> ")[2] if lines else "no idea"


def world(path: Path, users: int = 7, probes: int = 3) -> Path:
    """A world file in which every person calls every film by one word of his own."""
    people = {f"u{i}": TAGS[i % len(TAGS)] for i in range(users)}
    made = World(
        name="small",
        people={
            u: tuple(
                Interaction(id=f"{u}-{n}", time=float(n), task="tag", prompt=f"film number {n}", text=tag)
                for n in range(4)
            )
            for u, tag in people.items()
        },
        asked={
            u: tuple(
                Probe(
                    id=f"{u}/{n}",
                    user=u,
                    task="tag",
                    query=ask("tag", f"film number {n}"),
                    target=tag,
                    truth={"match": "exact", "value": tag},
                )
                for n in range(probes)
            )
            for u, tag in people.items()
        },
        lexicon={"synonyms": {}},
    )
    made.save(path)
    return path
