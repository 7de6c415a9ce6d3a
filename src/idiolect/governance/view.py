"""The only maker of `UserData`: asks for consent, drops what may not leave the machine, puts the oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Literal, TypeAlias

from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Record, UserData
from idiolect.data.policy import PROVIDER
from idiolect.data.store import Store
from idiolect.governance import sensitive

Purpose: TypeAlias = Literal["assist", "train", "share"]
Destination: TypeAlias = Literal["local", "provider"]
EVERYWHERE = "*"


def view(
    store: Store,
    user: str,
    *,
    purpose: Purpose = "assist",
    destination: Destination = "local",
    neighbours: Iterable[str] = (),
    context: str = "",
) -> UserData:
    """C_i as one purpose may see it, oldest record first.

    What is sensitive enters wherever it is used for him alone, on this machine, with no context named. Else each
    circumstance (the context, "train", "share", "provider") must be among those that its kind allows: the policy's, and
    those that he added with a consent like "health:work".

    Args:
        purpose: what the records are read for.
        destination: where they go; "provider" needs his consent and leaves out what is `local_only`.
        neighbours: candidates; those who allow "share" (for a provider "share_with_provider" too) enter, others do not.
        context: what the answer is for, in the application's words: "work", "health".

    Raises:
        ConsentError: he does not allow this purpose or destination.
    """
    consents = store.consents(user)
    for needed in sorted(required(purpose, destination) - consents):
        fix = f"Ask him, then call store.consent({user!r}, ..., {needed!r})"
        raise ConsentError(f"user {user!r} does not allow {needed!r} for his records. {fix}.")
    around = _around(purpose, destination, context)
    sharing = required("share", destination)
    others = [n for n in neighbours if n != user and sharing <= store.consents(n)]
    beside = _around("share", destination, context)
    return UserData(
        user_id=user,
        records=_records(store, user, purpose, around),
        neighbours=tuple(UserData(user_id=n, records=_records(store, n, "share", beside)) for n in others),
    )


def population(
    store: Store,
    users: Iterable[str] | None = None,
    purpose: Purpose = "train",
    destination: Destination = "local",
) -> tuple[UserData, ...]:
    """Everybody (or those named) who allows the purpose, in the store's order.

    Raises:
        BadInput: nobody is left.
    """
    asked = required(purpose, destination)
    named = store.users() if users is None else tuple(users)
    found = tuple(view(store, u, purpose=purpose, destination=destination) for u in named if asked <= store.consents(u))
    if not found:
        fix = "Add users with records, or ask those you have for their consent."
        raise BadInput("population", f"none of {len(named)} users allows {purpose!r}", fix)
    return found


def required(purpose: Purpose, destination: Destination) -> frozenset[str]:
    """The consents without which nothing is read."""
    return frozenset({purpose} if destination == "local" else {purpose, PROVIDER})


def _around(purpose: Purpose, destination: Destination, context: str) -> frozenset[str]:
    """The circumstances under which something sensitive would be used."""
    named = {context, "" if purpose == "assist" else purpose, "" if destination == "local" else "provider"}
    return frozenset(named - {""})


def _records(store: Store, user: str, purpose: Purpose, around: frozenset[str]) -> tuple[Record, ...]:
    kept: Iterable[Record] = store.records(user, purpose=purpose)
    if "provider" in around:
        kept = (r for r in kept if not r.local_only)
    if around:
        allowed = _contexts(store, user)
        kept = (r for r in kept if all(_covers(allowed[c], around) for c in sensitive.categories(r) if c in allowed))
    return tuple(sorted(kept, key=attrgetter("time")))  # stable: of one time, in the order they came


def _contexts(store: Store, user: str) -> dict[str, frozenset[str]]:
    """By kind of what is sensitive, the contexts that the policy and he himself allow."""
    found = dict(store.policy.sensitive)
    for consent in store.consents(user):
        category, colon, context = consent.partition(":")
        if colon and category in found:
            found[category] |= {context}
    return found


def _covers(allowed: frozenset[str], around: frozenset[str]) -> bool:
    return EVERYWHERE in allowed or around <= allowed
