"""The invented people of the space `demo`: a newcomer sees within a minute what knowing somebody changes.

They come from a world of `simulation`, with what they said and a few questions of which the answers are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from idiolect.core.types import Record
from idiolect.data.sqlite import folder
from idiolect.simulation.world import make

if TYPE_CHECKING:
    from idiolect.applications.server.service import Service

SPACE = "demo"
GONE = "demo-was-removed"  # a file in the space's folder: they do not come back with the next start
CHOSEN = ((0, 0), (16, 2), (10, 2))  # (seed of a world, which of its people): names that can be remembered
TASKS = ("fact", "rewrite", "tag", "update")


@dataclass(frozen=True, kw_only=True)
class Invented:
    """One of them: what he said, and what to ask him, with the right answers."""

    records: tuple[Record, ...]
    questions: tuple[str, ...]
    targets: tuple[str, ...]


@cache
def people() -> Mapping[str, Invented]:
    """By the name that each is called."""
    found = {}
    for seed, place in CHOSEN:
        world = make(seed, place + 1, history=6, probes=2, held=False)
        user = world.users[place]
        probes = [p for task in TASKS for p in world.probes(user, task)]
        found[str(world.truth[user]["called"]).lower()] = Invented(
            records=world.records(user),
            questions=tuple(p.query.text for p in probes),
            targets=tuple(p.target for p in probes),
        )
    return found


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
