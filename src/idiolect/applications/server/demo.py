"""The invented people of the space `demo`: a newcomer sees within a minute what knowing somebody changes.

`people.toml` holds what they said, in words that the embedded model knows, and a few questions with their answers.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from idiolect.core.types import Attribute, Post, Record, Turn
from idiolect.data.sqlite import folder

if TYPE_CHECKING:
    from idiolect.applications.server.service import Service

SPACE = "demo"
GONE = "demo-was-removed"  # a file in the space's folder: they do not come back with the next start


@dataclass(frozen=True, kw_only=True)
class Invented:
    """One of them: what he said, and what to ask him, with the right answers."""

    records: tuple[Record, ...]
    questions: tuple[str, ...]
    targets: tuple[str, ...]


@cache
def people() -> Mapping[str, Invented]:
    """By the name that each is called."""
    found = tomllib.loads(files("idiolect.applications.server").joinpath("people.toml").read_text(encoding="utf-8"))
    return {
        name: Invented(
            records=tuple(sorted(records(person), key=lambda r: r.time)),
            questions=tuple(question for question, _ in person["asks"]),
            targets=tuple(target for _, target in person["asks"]),
        )
        for name, person in found.items()
    }


def records(person: Mapping[str, Any]) -> Iterator[Record]:
    """What one of them said, wrote and states."""
    for i, (day, text) in enumerate(person["said"]):
        yield Turn(id=f"said-{i}", time=noon(day), text=text)
    latest = noon(person["said"][-1][0])
    for i, line in enumerate(person["wrote"]):
        prompt, _, text = line.partition(" => ")
        yield Post(id=f"wrote-{i}", time=latest + 60 * (i + 1), task="rewrite", prompt=prompt, text=text)
    for i, (day, name, value, until) in enumerate(person["states"]):
        start, end = noon(day), noon(until) if until else None
        yield Attribute(id=f"states-{i}", time=start, name=name, value=value, valid_from=start, valid_to=end)


def noon(day: str) -> float:
    """POSIX seconds of a day's noon, e.g. "2024-04-09"."""
    return datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp()


def begin(service: Service) -> None:
    """Fills the space where the chosen one has nobody, and nobody has sent them away."""
    if not service.door.keyless or service.space(service.settings.server.space).users():
        return
    space = service.space(SPACE)
    if space.users() or (space.store.folder / GONE).exists():
        return
    for name, person in people().items():
        space.store.append(name, person.records)


def end(service: Service) -> int:
    """Erases them, and whoever else tried the demo; gives how many went."""
    space = service.space(SPACE)
    folder.file(space.store.folder / GONE)
    names = space.users()
    for name in names:
        service.erased(SPACE, name)
        space.user(name).erase(wait=False)
    return len(names)
