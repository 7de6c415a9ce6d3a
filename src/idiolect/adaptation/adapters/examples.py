"""A user's examples as training items, and what a user keeps of having been trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.idiolect import Idiolect, Source, Stream
from idiolect.core.requests import Fit, Flow, Item, Part, Recipe, Trained
from idiolect.core.types import Example, UserData


@dataclass(frozen=True, kw_only=True, eq=False)
class Owned:
    """theta_i with the records it was trained on (`sources`) and the last record it has seen (`upto`)."""

    trained: Trained
    sources: tuple[Source, ...]
    upto: str


@dataclass(frozen=True)
class Lessons:
    """What is trained, how, and on which tasks' examples (where `tasks` is empty, on all that are no choices)."""

    part: Part
    recipe: Recipe
    tasks: tuple[str, ...] = ()

    def written(self, user: UserData) -> list[Example]:
        """What the user wrote or did himself, oldest first; where replies are asked for, also which he chose of two.

        Unasked, of two answers put to him he wrote neither.
        """
        asked = {"reply" if task == "choose" else task for task in self.tasks}  # to choose is learnt from choices
        return [e for e in user.examples() if (e.query.task in asked if asked else not e.rejected)]


def items(examples: Sequence[Example], user: str, idiolect: Idiolect) -> tuple[Item, ...]:
    """One item an example, each under `idiolect`."""
    return tuple(Item(query=e.query, answer=e.target, idiolect=idiolect, user=user) for e in examples)


def pooled(
    users: Sequence[UserData], lessons: Lessons, *, under: Idiolect, start: Trained | None
) -> Flow[Trained | None]:
    """theta = argmin sum_i sum_j L(y_ij, M_0(q_ij; theta)): one row of the part for all; None without examples."""
    train = tuple(item for user in users for item in items(lessons.written(user), user.user_id, under))
    if not train:
        return start
    begin = {"": start} if start else {}
    fitted = yield Fit(train=(lessons.part,), items=train, recipe=lessons.recipe, rows="all", start=begin)
    trained: Trained = fitted.users[""]
    return trained


def personal(
    user: UserData, lessons: Lessons, *, under: Idiolect, own: Owned | None, start: Trained | None = None
) -> Flow[Owned | None]:
    """theta_i = argmin sum_j L(y_ij, M_0(q_ij; theta + theta_i)), from `own` on over records that it has not seen.

    start: what a user begins from who has no own.
    """
    fresh = user.after(own.upto) if own else user
    ids = {r.id for r in fresh.records}
    unseen = [e for e in lessons.written(user) if e.source in ids]
    if not unseen:
        return own
    begin = own.trained if own else start
    train = items(unseen, user.user_id, under)
    starts = {user.user_id: begin} if begin else {}
    fitted = yield Fit(train=(lessons.part,), items=train, recipe=lessons.recipe, start=starts)
    seen = tuple((user.user_id, e.source) for e in unseen)
    return Owned(
        trained=fitted.users[user.user_id],
        sources=(*(own.sources if own else ()), *seen),
        upto=fresh.records[-1].id,
    )


def stacked(theta: Trained | None, own: Owned | None) -> Idiolect:
    """M_0(.; theta + theta_i): everybody's edits, then the user's."""
    edits = (theta.edits if theta else ()) + (own.trained.edits if own else ())
    return Idiolect(streams=(Stream(edits=edits),), sources=frozenset(own.sources if own else ()))
