"""The only maker of `UserData`: asks for consent, drops what may not leave the machine, puts the oldest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Record, UserData
from idiolect.data.store import Store

Purpose: TypeAlias = Literal["assist", "train", "share"]
Destination: TypeAlias = Literal["local", "remote"]


def view(
    store: Store,
    user: str,
    *,
    purpose: Purpose = "assist",
    destination: Destination = "local",
    neighbours: Iterable[str] = (),
) -> UserData:
    """C_i as one purpose may see it, oldest record first.

    Args:
        purpose: what the records are read for.
        destination: where they go; "remote" needs his consent and leaves out what is `local_only`.
        neighbours: candidates; those who allow "share" (and, for a remote model, "remote") enter, others do not.

    Raises:
        ConsentError: he does not allow this purpose or destination.
    """
    for asked in _asked(purpose, destination):
        if asked not in store.consents(user):
            fix = f"Ask him, then call store.consent({user!r}, ..., {asked!r})"
            raise ConsentError(f"user {user!r} does not allow {asked!r} for his records. {fix}.")
    sharing = _asked("share", destination)
    others = [n for n in neighbours if n != user and sharing <= store.consents(n)]
    return UserData(
        user_id=user,
        records=_records(store, user, destination),
        neighbours=tuple(UserData(user_id=n, records=_records(store, n, destination)) for n in others),
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
    asked = _asked(purpose, destination)
    named = store.users() if users is None else tuple(users)
    found = tuple(view(store, u, purpose=purpose, destination=destination) for u in named if asked <= store.consents(u))
    if not found:
        fix = "Add users with records, or ask those you have for their consent."
        raise BadInput("population", f"none of {len(named)} users allows {purpose!r}", fix)
    return found


def _asked(purpose: Purpose, destination: Destination) -> set[str]:
    return {purpose, "remote"} if destination == "remote" else {purpose}


def _records(store: Store, user: str, destination: Destination) -> tuple[Record, ...]:
    kept = (r for r in store.records(user) if destination == "local" or not r.local_only)
    return tuple(sorted(kept, key=lambda r: r.time))  # stable: of one time, in the order they came
