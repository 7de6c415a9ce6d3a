"""Where users' records lie: the protocol, and a store in memory.

Nothing but `governance.view` makes a `UserData` of it, so there is one place where consent is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import RLock
from typing import Protocol

from idiolect.core.errors import BadInput
from idiolect.core.types import Record
from idiolect.data.policy import Policy, checked
from idiolect.data.records import lawful

DEFAULT_CONSENTS = Policy().consents
LONGEST_NAME = 1024  # characters


class Store(Protocol):
    """Records by user, append-only but for erasure. Consents: "assist", "train", "share", "share_with_provider".

    One more form, "health:work", adds a context in which what is sensitive may be used.
    """

    @property
    def policy(self) -> Policy:
        """What holds for users who have not been asked."""
        ...

    def append(self, user: str, records: Iterable[Record]) -> None:
        """Adds records at the end; all of them or none."""
        ...

    def records(self, user: str, *, purpose: str = "") -> tuple[Record, ...]:
        """All of a user's records in the order they came; empty for a stranger. The audit trail notes the purpose."""
        ...

    def users(self) -> tuple[str, ...]:
        """Everybody who has records or consents, in the order they came."""
        ...

    def erase(self, user: str) -> int:
        """Removes a user and all that he said; returns the number of records that went."""
        ...

    def consents(self, user: str) -> frozenset[str]:
        """The purposes that he allows, "share_with_provider" where his records may leave this machine."""
        ...

    def consent(self, user: str, *purposes: str) -> None:
        """Replaces what he allows; without purposes he allows nothing."""
        ...


def named(user: str) -> str:
    """A user's id: any text, compared character by character, so that whatever looks alike is somebody else.

    Raises:
        BadInput: it is empty, longer than 1024 characters, or holds half a character.
    """
    if not user:
        raise BadInput("store", "a user without a name", "Give each user a name that is not empty.")
    if len(user) > LONGEST_NAME:
        raise BadInput(
            f"user {user[:40]!r}...", f"a name of {len(user)} characters", f"At most {LONGEST_NAME} will do."
        )
    if any("\ud800" <= c <= "\udfff" for c in user):
        fix = "Give text that was decoded with its own encoding."
        raise BadInput(f"user {user!r}", "a name with half a character (a lone surrogate)", fix)
    return user


def append_only(known: Mapping[str, Record], user: str, records: Iterable[Record]) -> dict[str, Record]:
    """Records by id, the known ones first; the same record twice is one record.

    Raises:
        BadInput: an id that another record of his has, or a record with a field of another type.
    """
    kept = dict(known)
    for record in records:
        if kept.setdefault(lawful(record).id, record) != record:
            fix = "Ids name one record of a user for ever: give the new one an id of its own."
            raise BadInput(f"user {user!r}", f"two different records with the id {record.id!r}", fix)
    return kept


class MemoryStore:
    """A store that lives as long as the process, and keeps no audit trail."""

    def __init__(self, policy: Policy | None = None) -> None:
        self.policy = policy or Policy()
        self._lock = RLock()
        self._records: dict[str, dict[str, Record]] = {}
        self._consents: dict[str, frozenset[str]] = {}

    def append(self, user: str, records: Iterable[Record]) -> None:
        """Adds records at the end; all of them or none. The same record twice is one record.

        Raises:
            BadInput: an empty user name, or an id that another record of his has.
        """
        with self._lock:
            self._records[named(user)] = append_only(self._records.get(user, {}), user, records)
            self._consents.setdefault(user, self.policy.consents)

    def records(self, user: str, *, purpose: str = "") -> tuple[Record, ...]:
        """All of a user's records in the order they came; empty for a stranger."""
        with self._lock:
            return tuple(self._records.get(user, {}).values())

    def users(self) -> tuple[str, ...]:
        """Everybody who has records or consents, in the order they came."""
        with self._lock:
            return tuple(self._consents)

    def erase(self, user: str) -> int:
        """Removes a user and all that he said; returns the number of records that went."""
        with self._lock:
            self._consents.pop(user, None)
            return len(self._records.pop(user, {}))

    def consents(self, user: str) -> frozenset[str]:
        """What he allows; a stranger allows what a new user does."""
        with self._lock:
            return self._consents.get(user, self.policy.consents)

    def consent(self, user: str, *purposes: str) -> None:
        """Replaces what he allows; without purposes he allows nothing."""
        with self._lock:
            self._consents[user] = checked(purposes)
