"""The verbs: P(M_0, C_i; theta) in the survey's symbols.

    learn(users)                         -> theta, and the own of every user it saw     once
    adapt(user, theta, own)              -> own = z_i       once a user, and on from there as records come
    condition(user, query, theta, own)   -> Idiolect = h_ij once a query
    respond(user, query, theta, own)     -> text            default: condition, then one Ask
    inquire(theta, own, pool)            -> which question to put next, or None

Any verb may be a generator (it yields requests) or return at once. Nothing learnt is kept on the method object.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from inspect import isgenerator
from typing import Any, ClassVar, Generic, TypeVar

from idiolect.core.idiolect import Idiolect
from idiolect.core.requests import Ask, Flow
from idiolect.core.types import Query, UserData

Theta = TypeVar("Theta")  # learnt from everybody
Own = TypeVar("Own")  # learnt for one user; erased with him
C = TypeVar("C", bound=type)


class Access(IntEnum):
    """What a model lets one see; a method asks for the least that it can live with."""

    TEXT = 1
    TOP_LOGITS = 2
    LOGITS = 3
    WEIGHTS = 4


@dataclass(frozen=True, kw_only=True)
class Card:
    """One row of the survey's Table 7. Literals only: the registry reads it without importing the file.

    roles: access asked of each model. data: kinds of user data read. tasks: where it is measured.
    resume: whether `adapt` in two halves is "exact" (equal to one go) or "approximate".
    through: by which verb it comes to know a user: "adapt", or "learn" alone, from which he may then not be missing.
    pooled: what one model for everybody is fitted anew: "own", or "theta" with it, where theta is learnt by knowing
        whose records are whose.
    """

    paper: str
    arxiv: str = ""
    site: str
    phi: str
    trains: str = "nothing"
    roles: Mapping[str, Access] = field(default_factory=lambda: {"base": Access.TEXT})
    data: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    resume: str = "exact"
    through: str = "adapt"
    pooled: str = "own"
    cousin: str = ""  # the cheaper thing that it must beat, in words
    cousin_options: Mapping[str, Any] = field(default_factory=dict)  # the same method with these options is that cousin
    draws: bool = False  # whether it draws random numbers
    differs: str = ""  # every known departure from the paper
    reconstructed: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Learnt(Generic[Theta, Own]):
    """theta, and the own of users whom `learn` saw (empty where `adapt` makes them)."""

    theta: Theta
    owns: Mapping[str, Own] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Method(Generic[Theta, Own]):
    """Fields are hyperparameters with the paper's defaults."""

    card: ClassVar[Card]

    def learn(self, users: Sequence[UserData], theta: Theta | None = None) -> Any:
        """Returns Learnt[Theta, Own], or a flow of it."""
        return Learnt(theta=theta)

    def adapt(self, user: UserData, theta: Theta | None, own: Own | None = None) -> Any:
        """Returns Own, or a flow of it. `own` given: go on with the records after those it has seen."""
        return own

    def condition(self, user: UserData, query: Query, theta: Theta | None, own: Own | None) -> Any:
        """Returns an Idiolect, or a flow of it."""
        raise NotImplementedError(f"{type(self).__name__} has no condition")

    def respond(self, user: UserData, query: Query, theta: Theta | None, own: Own | None) -> Flow[str]:
        """The answer's text."""
        idiolect: Idiolect = yield from flow(self.condition(user, query, theta, own))
        texts = yield Ask(query=query, idiolect=idiolect)
        return str(texts[0])

    def inquire(self, theta: Theta | None, own: Own | None, pool: Sequence[Query]) -> int | None:
        """Which question of the pool to put to the user next; None: no more."""
        return None


@dataclass(frozen=True, kw_only=True)
class Federated(Method[Theta, Own]):
    """`learn` is rounds of `client` on each user's device and `server` over their updates."""

    rounds: int = 3

    def client(self, user: UserData, theta: Theta | None, own: Own | None) -> Any:
        """Returns (update, own), or a flow of them; only the update leaves the device."""
        raise NotImplementedError(f"{type(self).__name__} has no client")

    def server(self, theta: Theta | None, updates: Mapping[str, Any]) -> Theta:
        raise NotImplementedError(f"{type(self).__name__} has no server")

    def learn(self, users: Sequence[UserData], theta: Theta | None = None) -> Flow[Learnt[Theta, Own]]:
        owns: dict[str, Any] = {}
        for _ in range(self.rounds):
            updates = {}
            for user in users:
                updates[user.user_id], owns[user.user_id] = yield from flow(
                    self.client(user, theta, owns.get(user.user_id))
                )
            theta = self.server(theta, updates)
        return Learnt(theta=theta, owns=owns)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class Migration(Generic[Theta, Own]):
    """Moves what was learnt on one base model to another."""

    card: ClassVar[Card]

    def learn(self, owns: Mapping[str, Own], users: Sequence[UserData], old: str, new: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no learn")

    def migrate(self, own: Own, theta: Theta) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no migrate")


def method(card: Card) -> Callable[[C], C]:
    """Attach the card. The registry finds the class by the name of its file, not by this call."""

    def attach(cls: C) -> C:
        cls.card = card  # type: ignore[attr-defined]
        return cls

    return attach


def flow(result: Any) -> Flow[Any]:
    """A verb's result as a flow, whether it was a generator or a value."""
    if isgenerator(result):
        return (yield from result)
    return result
