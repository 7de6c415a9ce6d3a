"""A user's examples as training items, and what a user keeps of having been trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.idiolect import Idiolect, Source
from idiolect.core.requests import Fit, Flow, Item, Part, Recipe, Trained
from idiolect.core.types import Example, UserData


@dataclass(frozen=True, kw_only=True, eq=False)
class Owned:
    """theta_i with the records it was trained on (`sources`) and the last record it has seen (`upto`)."""

    trained: Trained
    sources: tuple[Source, ...]
    upto: str


def written(user: UserData) -> list[Example]:
    """What the user wrote or chose himself, oldest first; of two answers put to him he wrote neither."""
    return [e for e in user.examples() if not e.rejected]


def items(user: UserData, idiolect: Idiolect, *, among: frozenset[str] | None = None) -> tuple[Item, ...]:
    """One item an example (of the records `among`), each under `idiolect`."""
    return tuple(
        Item(query=e.query, answer=e.target, idiolect=idiolect, user=user.user_id)
        for e in written(user)
        if among is None or e.source in among
    )


def pooled(
    users: Sequence[UserData], part: Part, recipe: Recipe, *, under: Idiolect, start: Trained | None
) -> Flow[Trained | None]:
    """theta = argmin sum_i sum_j L(y_ij, M_0(q_ij; theta)): one row of `part` for everybody; None without examples."""
    train = tuple(item for user in users for item in items(user, under))
    if not train:
        return start
    begin = {"": start} if start else {}
    fitted = yield Fit(train=(part,), items=train, recipe=recipe, rows="all", start=begin)
    trained: Trained = fitted.users[""]
    return trained


def personal(user: UserData, part: Part, recipe: Recipe, *, under: Idiolect, own: Owned | None) -> Flow[Owned | None]:
    """theta_i = argmin sum_j L(y_ij, M_0(q_ij; theta + theta_i)), from `own` on over records that it has not seen."""
    fresh = user.after(own.upto) if own else user
    train = items(user, under, among=frozenset(r.id for r in fresh.records))
    if not train:
        return own
    start = {user.user_id: own.trained} if own else {}
    fitted = yield Fit(train=(part,), items=train, recipe=recipe, start=start)
    ids = {r.id for r in fresh.records}
    seen = tuple((user.user_id, e.source) for e in written(user) if e.source in ids)
    return Owned(
        trained=fitted.users[user.user_id],
        sources=(*(own.sources if own else ()), *seen),
        upto=fresh.records[-1].id,
    )
