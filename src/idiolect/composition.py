"""``a | b`` of two methods: (a | b)(M_0) = b(a(M_0)), in learning as in answering.

What `b` asks for while it learns or adapts runs under what `a` left: each example of b's stands under a's condition for
the user as he was just before that example, so that no prompt or edit knows its own answer. ``apart=True`` is the
independent form: b learns over M_0 alone, and the two meet only when a query is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from inspect import isgenerator
from typing import Any, TypeAlias

from idiolect.core.errors import CompositionError
from idiolect.core.idiolect import Idiolect
from idiolect.core.method import Card, Learnt, Method, flow
from idiolect.core.requests import Ask, Fit, Flow, Item, Read, Request, Score
from idiolect.core.types import Query, UserData

AnyMethod: TypeAlias = Method[Any, Any]
Under: TypeAlias = Callable[[Query, str], Flow[Idiolect]]  # (query, user id) -> what the left method made of it
Pair: TypeAlias = tuple[Any, Any]
PROFILES = "idiolect.adaptation.prompting.profile."  # the family whose methods write a profile


@dataclass(frozen=True, kw_only=True)
class Composed(Method[Pair, Pair]):
    """``left | right``. theta and own are pairs of theirs."""

    left: AnyMethod
    right: AnyMethod
    apart: bool = False

    def __post_init__(self) -> None:
        if type(self.left).respond not in (Method.respond, Composed.respond):
            name = type(self.left).__name__
            raise CompositionError(f"{name} brings its own way to respond: put it last, as in 'other | {name.lower()}'")
        object.__setattr__(self, "right", contrasting(self.left, self.right))
        object.__setattr__(self, "card", joined(self.left.card, self.right.card))

    def learn(self, users: Sequence[UserData], theta: Pair | None = None) -> Flow[Learnt[Pair, Pair]]:
        a, b = theta or (None, None)
        first = yield from flow(self.left.learn(users, a))
        under = self._before(users, first.theta)
        second = yield from wrapped(self.right.learn(users, b), under)
        owns = {}
        for user in users:
            u = user.user_id
            if u in first.owns or u in second.owns:
                mine = first.owns[u] if u in first.owns else (yield from flow(self.left.adapt(user, first.theta)))
                yours = second.owns.get(u)
                if u not in second.owns:
                    yours = yield from wrapped(self.right.adapt(user, second.theta), under)
                owns[u] = (mine, yours)
        return Learnt(theta=(first.theta, second.theta), owns=owns)

    def adapt(self, user: UserData, theta: Pair | None, own: Pair | None = None) -> Flow[Pair]:
        a, b = theta or (None, None)
        mine, yours = own or (None, None)
        under = self._before([user], a)
        yours = yield from wrapped(self.right.adapt(user, b, yours), under)
        mine = yield from flow(self.left.adapt(user, a, mine))
        return mine, yours

    def condition(self, user: UserData, query: Query, theta: Pair | None, own: Pair | None) -> Flow[Idiolect]:
        left: Idiolect = yield from flow(self.left.condition(user, query, *firsts(theta, own)))
        asked = self.right.condition(user, query, *seconds(theta, own))
        right: Idiolect = yield from wrapped(asked, self._always(left))
        return left | right

    def respond(self, user: UserData, query: Query, theta: Pair | None, own: Pair | None) -> Flow[str]:
        if type(self.right).respond is Method.respond:
            return (yield from super().respond(user, query, theta, own))
        left: Idiolect = yield from flow(self.left.condition(user, query, *firsts(theta, own)))
        asked = self.right.respond(user, query, *seconds(theta, own))
        text: str = yield from wrapped(asked, partial(constant, left))  # answers stand under both, apart or not
        return text

    def inquire(self, theta: Pair | None, own: Pair | None, pool: Sequence[Query]) -> int | None:
        asked = self.right.inquire(*seconds(theta, own), pool)
        return self.left.inquire(*firsts(theta, own), pool) if asked is None else asked

    def _before(self, users: Iterable[UserData], theta: Any) -> Under | None:
        return None if self.apart else Before(self.left, theta, users).condition

    def _always(self, left: Idiolect) -> Under | None:
        return None if self.apart else partial(constant, left)


class Before:
    """What the left method makes of each example, for the user as he was just before it.

    Its own is carried from example to example, each time over the records since the last one.
    """

    def __init__(self, left: AnyMethod, theta: Any, users: Iterable[UserData]) -> None:
        self.left, self.theta = left, theta
        self.users = {u.user_id: u for u in users}
        self._places: dict[str, dict[Query, int]] = {}
        self._owns: dict[str, dict[int, Any]] = {u: {0: None} for u in self.users}

    def condition(self, query: Query, user_id: str) -> Flow[Idiolect]:
        """Raises:
        CompositionError: the item does not say whose it is.
        """
        user = self._whose(query, user_id)
        before = user.until(self._place(user, query))
        own = yield from self._own(before)
        made: Idiolect = yield from flow(self.left.condition(before, query, self.theta, own))
        return made

    def _own(self, before: UserData) -> Flow[Any]:
        known, place = self._owns[before.user_id], len(before.records)
        if place not in known:
            last = max(p for p in known if p < place)
            known[place] = yield from flow(self.left.adapt(before, self.theta, known[last]))
        return known[place]

    def _whose(self, query: Query, user_id: str) -> UserData:
        if user_id in self.users:
            return self.users[user_id]
        asked = [u for u in self.users.values() if len(self.users) == 1 or query in self._index(u)]
        if len(asked) != 1:
            raise CompositionError(f"no telling whose {query.text!r} is: the method on the right must set Item.user")
        return asked[0]

    def _index(self, user: UserData) -> dict[Query, int]:
        """Query of an example -> place of its record; of equal queries the first."""
        if user.user_id not in self._places:
            order = {r.id: i for i, r in enumerate(user.records)}
            places: dict[Query, int] = {}
            for e in user.examples():
                places.setdefault(e.query, order[e.source])
            self._places[user.user_id] = places
        return self._places[user.user_id]

    def _place(self, user: UserData, query: Query) -> int:
        """How many of the user's records are older than the query."""
        if query in self._index(user):
            return self._index(user)[query]
        time = query.time
        return len(user.records) if time is None else sum(r.time < time for r in user.records)


def wrapped(result: Any, under: Under | None) -> Flow[Any]:
    """A verb's flow with each request to the base model put under what the left method made."""
    if under is None or not isgenerator(result):
        return (yield from flow(result))
    step: Callable[[], Any] = partial(next, result)
    while True:
        try:
            request = step()
        except StopIteration as stop:
            return stop.value
        try:
            answer = yield (yield from placed(request, under))
        except Exception as error:  # it belongs to the flow that asked
            step = partial(result.throw, error)
        else:
            step = partial(result.send, answer)


def placed(request: Request, under: Under) -> Flow[Request]:
    """The request with ``left | its own`` in place of each Idiolect; requests to helper models stay as they are."""
    if request.to != "base":
        return request
    match request:
        case Ask():
            left = yield from under(request.query, "")
            return replace(request, idiolect=left | request.idiolect)
        case Score(items=items) | Read(items=items):
            return replace(request, items=(yield from placed_items(items, under)))
        case Fit(items=items):
            return replace(request, items=(yield from placed_items(items, under)))


def placed_items(items: Iterable[Item], under: Under) -> Flow[tuple[Item, ...]]:
    done = []
    for item in items:
        left = yield from under(item.query, item.user)
        done.append(replace(item, idiolect=left | item.idiolect))
    return tuple(done)


def constant(left: Idiolect, query: Query, user_id: str) -> Flow[Idiolect]:
    """The same Idiolect for whatever is asked."""
    yield from ()
    return left


def contrasting(left: AnyMethod, right: Any) -> AnyMethod:
    """The right method; a contrast that leaves it open takes a profile directly left of it for what it contrasts.

    Its plain stream then inherits nothing. What else stands left (records, edits) enters both of its streams.
    """
    if getattr(right, "contrast", None) == "auto" and type(left).__module__.startswith(PROFILES):
        right = replace(right, contrast="left")
    found: AnyMethod = right
    return found


def named(method: AnyMethod) -> str:
    """The method's name in the registry; of a composition its parts' with bars between them."""
    if isinstance(method, Composed):
        return f"{named(method.left)} | {named(method.right)}"
    return type(method).__module__.rpartition(".")[2]


def firsts(theta: Pair | None, own: Pair | None) -> Pair:
    return (theta[0] if theta else None, own[0] if own else None)


def seconds(theta: Pair | None, own: Pair | None) -> Pair:
    return (theta[1] if theta else None, own[1] if own else None)


def joined(a: Card, b: Card) -> Card:
    """The card of ``a | b``: the higher access of each role, both kinds of data."""
    roles = {r: max(c.roles[r] for c in (a, b) if r in c.roles) for r in {**a.roles, **b.roles}}
    return Card(
        paper=f"{a.paper}; {b.paper}",
        site=", ".join(dict.fromkeys((a.site, b.site))),
        phi=f"{a.phi}; {b.phi}",
        trains="; ".join(dict.fromkeys(t for t in (a.trains, b.trains) if t != "nothing")) or "nothing",
        roles=roles,
        data=tuple(dict.fromkeys(a.data + b.data)),
        tasks=tuple(dict.fromkeys(a.tasks + b.tasks)),
        resume="exact" if a.resume == b.resume == "exact" else "approximate",
        through="learn" if "learn" in (a.through, b.through) else "adapt",
        draws=a.draws or b.draws,
        differs="; ".join(d for d in (a.differs, b.differs) if d),
        reconstructed=a.reconstructed or b.reconstructed,
    )
