"""What feedback taught, over what the pipeline shows: his wishes in the prompt, his adapter, the draw he would like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from idiolect import config
from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.adaptation.alignment.dimensions import best
from idiolect.applications.server.adapters.stored import Owns
from idiolect.applications.server.settings import Feedback
from idiolect.core.idiolect import Idiolect
from idiolect.core.method import Access, Method
from idiolect.core.requests import Sampling
from idiolect.core.types import Query, UserData

WEIGHTS = "pref"  # the method that learns his weights


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Of `draws` answers the one with the largest reward `wanted` . phi is given."""

    draws: int
    temperature: float
    wanted: tuple[float, ...]

    def sampling(self, asked: Sampling) -> Sampling:
        """As asked for, but never greedy: equal draws leave no choice."""
        return asked if asked.temperature > 0 else replace(asked, temperature=self.temperature)

    def best(self, texts: Sequence[str]) -> int:
        """The place of the one to give."""
        return best(texts, np.array(self.wanted))


@dataclass(frozen=True, kw_only=True)
class Taught:
    """What is put over a request. records: ids of all that it was learnt from."""

    idiolect: Idiolect = field(default_factory=Idiolect)
    methods: tuple[str, ...] = ()
    records: frozenset[str] = frozenset()
    choice: Choice | None = None
    missing: tuple[str, ...] = ()


def learning(
    settings: Feedback, options: Mapping[str, Mapping[str, Any]], *, embedded: bool
) -> dict[str, Mapping[str, Any]]:
    """What is learnt from feedback -> its options: the settings' over those that suit the embedded model."""
    presets = config.load("embedded").methods if embedded else {}
    names = (*([WEIGHTS] if settings.weights else []), *([settings.adapter] if settings.adapter else []))
    return {name: {**presets.get(name, {}), **options.get(name, {})} for name in names}


class Learnt:
    """methods: those whose own feedback makes, by name. access: what the model gives."""

    def __init__(self, methods: Mapping[str, Method[Any, Any]], owns: Owns, access: Access) -> None:
        self.methods, self.owns, self.access = methods, owns, access

    def runs(self, name: str) -> bool:
        """Whether the model gives what a method's own needs."""
        needs = Access.WEIGHTS if name != WEIGHTS else Access.TEXT
        return name in self.methods and needs <= self.access

    def taught(
        self, space: str, data: UserData, query: Query, named: Iterable[str], *, strength: float, also: bool
    ) -> Taught:
        """What the named methods have learnt of him, and with `also` the others.

        An own is used only while every record that it was learnt from may be read.
        """
        asked = tuple(named)
        found = Taught()
        for name in self.methods if also else asked:
            if self.runs(name):
                found = self._with(found, name, space, data, query, strength)
        return replace(found, missing=tuple(n for n in asked if n not in found.methods))

    def _with(self, found: Taught, name: str, space: str, data: UserData, query: Query, strength: float) -> Taught:
        own = self.owns(space, data.user_id, name) if space else None
        if own is not None and not {id for _, id in own.sources} <= {r.id for r in data.records}:
            own = None
        method = self.methods[name]
        made: Idiolect = method.condition(data, query, None, own)
        choice = self._choice(method, data, own, strength) if isinstance(method, PReF) else found.choice
        if not made.sources:
            return found
        return Taught(
            idiolect=found.idiolect | made,
            methods=(*found.methods, name),
            records=found.records | {id for _, id in made.sources},
            choice=choice,
        )

    def _choice(self, method: PReF, data: UserData, own: Any, strength: float) -> Choice | None:
        """The dial takes draws away: with one there is no choice."""
        draws = 1 + round((method.draws - 1) * strength)
        if draws < 2 or self.access < Access.LOGITS:
            return None
        wanted = method.direction(data, own)
        if not wanted.any():
            return None
        return Choice(draws=draws, temperature=method.temperature, wanted=tuple(wanted.tolist()))
