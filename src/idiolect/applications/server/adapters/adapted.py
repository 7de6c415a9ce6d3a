"""Methods that learn, at the local engine: a user's own and the space's theta, as `condition` takes them.

Under a name lies what `idiolect adapt` published: "oppu" for that method, "ipa+oppu" for both learnt together, one
under the other. What needs no training (the records of `ipa`) is then still taken as it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import groupby
from typing import Any, Protocol

from idiolect.applications.server.adapters.stored import NOTHING, Owns, Stored
from idiolect.composition import AnyMethod, Composed
from idiolect.core.errors import IdiolectError
from idiolect.core.idiolect import Idiolect, Source
from idiolect.core.layout import line
from idiolect.core.method import Access, Card, Method, flow
from idiolect.core.model import Model
from idiolect.core.requests import Ask, Flow, Key
from idiolect.core.types import Query, UserData
from idiolect.generation.drive import run
from idiolect.governance.view import view

EVERYBODY = "; what it learnt from everybody answers"
FORBIDDEN = "he does not allow 'train'"
GONE = "records that it shows again are not kept here"
OWN_WAY = "answers this in a way of its own, which the door does not run"
WEIGHTS_GONE = "trained weights of the model's own, which are not kept"
MARK = "\0Aa"  # no model writes it
Sources = frozenset[Source]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One query of a user. data: of his records those that bear on it. context: what the answer is for; what was learnt
    from a record that may not be used in it is not used."""

    space: str
    data: UserData
    query: Query
    context: str = ""


class Now(Protocol):
    """Methods that learn nothing, on his records as they are."""

    def own(self, asked: Asked, name: str) -> Any:
        """What one makes of them."""

    def idiolect(self, asked: Asked, spec: str) -> Idiolect:
        """What one, or several with bars between them, make of a query."""


@dataclass(frozen=True, kw_only=True)
class Adapted:
    """What became of methods. idiolect: None where nothing is left; its sources are records that are shown. learnt: ids
    of those that were learnt from. methods: that have a part in it. missing: method and what it lacks."""

    idiolect: Idiolect | None = None
    learnt: frozenset[str] = frozenset()
    methods: tuple[str, ...] = ()
    missing: tuple[tuple[str, str], ...] = ()


class Adapting:
    """Over one model. owns: where what was learnt is read. cards: of methods."""

    def __init__(self, owns: Owns, model: Model, cards: Callable[[str], Card], now: Now) -> None:
        self.owns, self.model, self.cards, self.now = owns, model, cards, now

    def takes(self, name: str) -> bool:
        """Whether what such a method learnt can answer here."""
        return self.cards(name).roles.get("base") is Access.WEIGHTS and self.model.access is Access.WEIGHTS

    def over(self, asked: Asked, names: Sequence[str]) -> Adapted:
        """All methods of a pipeline, in their order: as they learnt together, or else each by itself."""
        if len(names) > 1 and any(map(self.takes, names)):
            whole = self._stored(asked, "+".join(names), names)
            if whole is not None and whole.idiolect is not None:
                return whole
        found = [(name, self._stored(asked, name, (name,)) if self.takes(name) else None) for name in names]
        all_of_it = Adapted(idiolect=Idiolect())
        for plain, group in groupby(found, key=lambda one: self._plain(*one)):
            some = list(group)
            if plain:
                spec = tuple(name for name, _ in some)
                pieces = [Adapted(idiolect=self.now.idiolect(asked, " | ".join(spec)), methods=spec)]
            else:
                pieces = [piece or Adapted(missing=((name, NOTHING),)) for name, piece in some]
            all_of_it = reduce(_joined, pieces, all_of_it)
        return all_of_it

    def _plain(self, name: str, found: Adapted | None) -> bool:
        """Whether a method that learns nothing has nothing stored that could be used instead."""
        return self.cards(name).trains == "nothing" and (found is None or found.idiolect is None)

    def _stored(self, asked: Asked, name: str, methods: Sequence[str]) -> Adapted | None:
        """What was learnt under a name; None where nobody learnt anything under it."""
        try:
            found = self.owns.stored(asked.space, asked.data.user_id, name) if asked.space else None
            return self._of(found, asked, tuple(methods)) if found is not None else None
        except IdiolectError as error:
            why = str(error)
        except KeyError:  # by a record's id
            why = GONE
        return Adapted(missing=tuple((method, why) for method in methods))

    def _of(self, found: Stored, asked: Asked, methods: tuple[str, ...]) -> Adapted:
        refused, data = self._allowed(found, asked)
        own, missing = (None, refused) if refused else (found.own, found.missing)
        if own is None and found.theta is None:
            return Adapted(missing=tuple((method, missing) for method in methods))
        owns = _unpaired(own, len(found.parts))
        learnt = frozenset(_sources(owns))
        for place, part in enumerate(found.parts):
            if not self.takes(part):
                owns[place] = self.now.own(asked, part)
        method = reduce(lambda a, b: Composed(left=a, right=b), found.parts.values())
        stands = standing(method, data, asked.query, found.theta, reduce(lambda a, b: (a, b), owns))
        key = Key(method=" | ".join(found.parts), user=data.user_id)
        made: Idiolect | None = run(stands, {"base": self.model}, key)
        if made is None or any(stream.model != "base" for stream in made.streams):
            why = OWN_WAY if made is None else WEIGHTS_GONE
            return Adapted(missing=tuple((method, why) for method in methods))
        lacks = tuple((m, missing + EVERYBODY) for m in methods if self.takes(m)) if missing else ()
        shown = replace(made, sources=_shown(made, data))
        return Adapted(idiolect=shown, learnt=learnt, methods=methods, missing=lacks)

    def _allowed(self, found: Stored, asked: Asked) -> tuple[str, UserData]:
        """(why his own may not be used, his records with all that it was learnt from)."""
        data, sources = asked.data, _sources(found.own)
        store = self.owns.stores(asked.space)
        if "train" not in store.consents(data.user_id):
            return FORBIDDEN if found.own is not None else found.missing, data
        if sources <= {r.id for r in data.records}:
            return "", data
        whole = view(store, data.user_id, context=asked.context)
        closed = sources - {r.id for r in whole.records}
        if asked.context and closed & {r.id for r in view(store, data.user_id).records}:
            return f"learnt from what is not for {asked.context!r}", data
        return "", whole


def standing(method: AnyMethod, data: UserData, query: Query, theta: Any, own: Any) -> Flow[Idiolect | None]:
    """What the method's answer stands under; None where it is more than one text that is given as it comes."""
    if type(method).respond is Method.respond:
        made: Idiolect = yield from flow(method.condition(data, query, theta, own))
        return made
    asked = flow(method.respond(data, query, theta, own))
    try:
        request = next(asked)
        while not (isinstance(request, Ask) and request.query == query):
            request = asked.send((yield request))
        made, plain = request.idiolect, request.n == 1 and not request.sampling.temperature
        asked.send((MARK,))
    except StopIteration as end:
        return made if end.value == MARK and plain else None
    finally:
        asked.close()
    return None


def _joined(a: Adapted, b: Adapted) -> Adapted:
    """Both, the second over the first."""
    made = a.idiolect if b.idiolect is None else (a.idiolect or Idiolect()) | b.idiolect
    missing = (*a.missing, *b.missing)
    return Adapted(idiolect=made, learnt=a.learnt | b.learnt, methods=(*a.methods, *b.methods), missing=missing)


def _shown(made: Idiolect, data: UserData) -> Sources:
    """The sources that stand in a prompt."""
    lines = {x for stream in made.streams for block in stream.context for x in block.lines}
    there = {r.id for r in data.records if lines & {line(r), line(r, dated=True)}} if lines else set()
    return frozenset(source for source in made.sources if source[1] in there)


def _unpaired(own: Any, count: int) -> list[Any]:
    """Of each of the methods that learnt together: ((a, b), c) is [a, b, c]."""
    found: list[Any] = []
    for _ in range(count - 1):
        own, last = own or (None, None)
        found.insert(0, last)
    return [own, *found]


def _sources(own: Any) -> set[str]:
    """Ids of the records that an own, or each of a pair, was learnt from."""
    if isinstance(own, Sequence):
        return {id for one in own for id in _sources(one)}
    return {id for _, id in getattr(own, "sources", ())}
