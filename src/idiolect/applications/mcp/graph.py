"""A graph of entities, observations and relations, kept as records of one user.

An entity is an `Attribute` (name, type), an observation another (name, what was observed), a relation a `Relation`
("Anna works at", "Acme"); metadata under ``graph`` says which is which. So they are found, shown, corrected, exported
and erased as all that is kept of him, and they say that a program asserted them and not he.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Record
from idiolect.core.types import Relation as Related
from idiolect.memory.user import User

MARK, SPEAKER = "graph", "mcp"
ENTITY, OBSERVATION, RELATION = "entity", "observation", "relation"


class Relation(NamedTuple):
    """From whom, to whom, and what there is between them."""

    source: str
    target: str
    kind: str


@dataclass(eq=False)
class Entity:
    """One node. id: of its record. observations: by the id of their records."""

    name: str
    kind: str
    id: str
    observations: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """All that it says, in small letters."""
        return "\n".join((self.name, self.kind, *self.observations.values())).casefold()


@dataclass(frozen=True, eq=False)
class Graph:
    """Entities by name and ids by relation, in the order they came."""

    entities: dict[str, Entity] = field(default_factory=dict)
    relations: dict[Relation, str] = field(default_factory=dict)

    def part(self, names: Iterable[str]) -> Graph:
        """The entities of these names that there are, and the relations between them."""
        wanted = set(names)
        entities = {name: one for name, one in self.entities.items() if name in wanted}
        relations = {r: id for r, id in self.relations.items() if r.source in entities and r.target in entities}
        return Graph(entities, relations)

    def found(self, query: str) -> Graph:
        """The entities that hold every word of a query, anywhere in their names, types and observations."""
        words = query.casefold().split()
        return self.part(name for name, one in self.entities.items() if all(word in one.words for word in words))


class Kept:
    """One user's graph. Each change reads what is there first, under a lock of this process."""

    def __init__(self, handle: User, clock: Callable[[], float]) -> None:
        self._handle, self._clock, self._lock = handle, clock, Lock()

    def read(self) -> Graph:
        """The whole graph."""
        held = self._handle.get_all({MARK: "*"})["results"]
        graph = Graph()
        for one in sorted(held, key=lambda one: one["metadata"][MARK] != ENTITY):  # entities first, else as they came
            _enter(graph, one["id"], one["memory"], one["metadata"])
        return graph

    def create(self, entities: Sequence[tuple[str, str, Sequence[str]]]) -> Graph:
        """Adds (name, type, observations) of names that are new; gives those that were."""
        with self._lock:
            there, new = self.read().entities, dict[str, tuple[str, Sequence[str]]]()
            for name, kind, observations in entities:
                if _said(name, "name of an entity") not in there:
                    new.setdefault(name, (kind, observations))
            for name, (kind, observations) in new.items():
                self._add(Attribute, name, kind or ENTITY, {MARK: ENTITY, "entity": name})
                self._observe(name, observations)
            return self.read().part(new)

    def observe(self, entity: str, contents: Sequence[str]) -> list[str]:
        """Adds what was observed of an entity; gives what is new.

        Raises:
            BadInput: there is no such entity.
        """
        with self._lock:
            there = self.read().entities.get(entity)
            if there is None:
                raise BadInput(f"entity {entity!r}", "there is none of that name", "Make it with create_entities.")
            return self._observe(entity, [c for c in contents if c not in there.observations.values()])

    def relate(self, relations: Iterable[Relation]) -> list[Relation]:
        """Adds relations; gives those that are new."""
        with self._lock:
            there = self.read().relations
            new = [r for r in dict.fromkeys(relations) if r not in there]
            for one in new:
                noted = {MARK: RELATION, "from": one.source, "to": one.target, "type": one.kind}
                name = f"{one.source} {one.kind.replace('_', ' ')}"
                self._add(Related, _said(name, "relation"), _said(one.target, "relation"), noted)
            return new

    def delete(self, names: Iterable[str]) -> None:
        """Erases entities with their observations and relations; what is not there is passed over."""
        with self._lock:
            graph, gone = self.read(), set(names)
            for name in gone & set(graph.entities):
                one = graph.entities[name]
                self._erase((*one.observations, one.id))
            self._erase(id for r, id in graph.relations.items() if {r.source, r.target} & gone)

    def unobserve(self, entity: str, contents: Iterable[str]) -> None:
        """Erases observations; what is not there is passed over."""
        with self._lock:
            there, gone = self.read().entities.get(entity), set(contents)
            self._erase(id for id, text in (there.observations if there else {}).items() if text in gone)

    def unrelate(self, relations: Iterable[Relation]) -> None:
        """Erases relations; what is not there is passed over."""
        with self._lock:
            there = self.read().relations
            self._erase(there[r] for r in dict.fromkeys(relations) if r in there)

    def _observe(self, entity: str, contents: Sequence[str]) -> list[str]:
        new = [text for text in dict.fromkeys(contents) if text.strip()]
        for text in new:
            self._add(Attribute, entity, text, {MARK: OBSERVATION, "entity": entity})
        return new

    def _add(self, made: Callable[..., Record], name: str, value: str, noted: Mapping[str, str]) -> None:
        record = made(id=secrets.token_hex(8), time=self._clock(), asserted_by=SPEAKER, name=name, value=value)
        self._handle.add(record, metadata=noted)

    def _erase(self, ids: Iterable[str]) -> None:
        for id in list(ids):
            self._handle.delete(id)


def _said(text: str, what: str) -> str:
    """Raises:
    BadInput: it is empty.
    """
    if not text.strip():
        raise BadInput(what, "it is empty", "Give words.")
    return text


def _enter(graph: Graph, id: str, memory: str, noted: Mapping[str, Any]) -> None:
    match noted:
        case {"graph": "entity", "entity": str(name)}:
            graph.entities.setdefault(name, Entity(name, memory.removeprefix(f"{name}: "), id))
        case {"graph": "observation", "entity": str(name)} if name in graph.entities:
            graph.entities[name].observations[id] = memory.removeprefix(f"{name}: ")
        case {"graph": "relation", "from": str(source), "to": str(target), "type": str(kind)}:
            graph.relations.setdefault(Relation(source, target, kind), id)
