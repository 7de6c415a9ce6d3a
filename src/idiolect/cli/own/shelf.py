"""What was learnt for users, on disk: one folder an adapter in the user's own folder, published whole or not at all.

<home>/spaces/<space>/theta/<name>/                            everybody's
<home>/spaces/<space>/users/<shard>/<key>/own/<name>/          his
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import UserData
from idiolect.data import artifacts
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import derived

OWN = "own"
ABOUT = ("method", "options", "model", "base", "seed", "plan", "losses")  # told of an adapter beside its tensors


@dataclass(frozen=True)
class Shelf:
    """The adapters of one space; whoever has none is a stranger here."""

    store: SQLiteStore

    def users(self) -> tuple[str, ...]:
        """Who has adapters, in the order they came to the space."""
        return tuple(user for user in self.store.users() if self.names(user))

    def names(self, user: str) -> tuple[str, ...]:
        """A user's adapters, sorted."""
        path = self._own(user)
        return artifacts.names(path) if path else ()

    def all(self, user: str) -> tuple[dict[str, Any], ...]:
        """What each of a user's adapters says of itself, with its "name"; of one that is damaged its "damage" alone."""
        found = []
        for name in self.names(user):
            try:
                found.append({"name": name, **self.about(user, name)})
            except BadInput as error:
                found.append({"name": name, "damage": str(error)})
        return tuple(found)

    def about(self, user: str, name: str) -> dict[str, Any]:
        """What an adapter says of itself, and its bytes at rest; no tensor is read.

        Raises:
            BadInput: he has none of that name, or what lies there is no adapter.
        """
        path = self._at(user, name)
        try:
            said = json.loads((path / artifacts.VALUE).read_text(encoding="utf-8"))["value"]
            return {**{key: said[key] for key in ABOUT}, "bytes": artifacts.size(path)}
        except (OSError, ValueError, KeyError, TypeError, BadInput) as error:
            what = f"no adapter can be read there ({type(error).__name__})"
            raise BadInput(path, what, "Adapt the user again, or delete it.") from None

    def load(self, user: str, name: str) -> tuple[dict[str, Any], Any]:
        """(what it says of itself with "own", theta) of an adapter.

        Raises:
            BadInput: he has none of that name, it is damaged, or it was learnt under another theta.
        """
        path = self._at(user, name)
        kept = self.theta(name)
        theta = kept["theta"] if kept else None
        return artifacts.load(path, theta=theta), theta

    def publish(
        self,
        user: str,
        name: str,
        about: Mapping[str, Any],
        own: object,
        theta: object = None,
        *,
        seen: Sequence[UserData] = (),
    ) -> Path:
        """Replaces an adapter at once; until then, and where this fails, the old one stands.

        Args:
            seen: what it was learnt from, where that lies in this space: the adapter goes with these records, and a
                user who went meanwhile does not come back. Without them he is made where he is not.

        Raises:
            BadInput: what cannot be saved; he is gone.
            StoreError: the disk is full, or the system refuses.
        """
        if not seen:
            with self.store.unit(user, make=True):
                pass
        with told((self._own(user) or self.store.folder) / plain(name)):
            path = derived.keep(self.store, plain(name), {**about, "own": own}, seen, user=user, theta=theta)
        derived.settle(self.store, user)
        return path

    def delete(self, user: str, name: str) -> None:
        """Removes an adapter and its files.

        Raises:
            BadInput: he has none of that name.
        """
        folder.remove(self._at(user, name))

    def theta(self, name: str) -> dict[str, Any] | None:
        """What was learnt from everybody under that name, with what it says of itself."""
        path = artifacts.theta_folder(self.store.home, self.store.space, plain(name))
        found: dict[str, Any] | None = artifacts.load(path) if artifacts.exists(path) else None
        return found

    def stale(self, name: str) -> bool:
        """Whether somebody from whom theta was learnt has gone, or no longer allows it."""
        return plain(name) in derived.reopened(self.store)

    def publish_theta(self, name: str, about: Mapping[str, Any], theta: object, *, seen: Sequence[UserData]) -> None:
        """As `publish`, from everybody in `seen`."""
        with told(self.store.folder):
            derived.keep(self.store, plain(name), {**about, "theta": theta}, seen)
        derived.settle(self.store)

    def scratch(self, name: str) -> Path:
        """Where the states of a training lie until it is over."""
        return folder.private(folder.private(self.store.folder / "training") / plain(name))

    def clear(self, name: str) -> None:
        """Removes them."""
        shutil.rmtree(self.store.folder / "training" / plain(name), ignore_errors=True)

    def _own(self, user: str) -> Path | None:
        with self.store.unit(user) as unit:
            return unit.path / OWN if unit is not None else None

    def _at(self, user: str, name: str) -> Path:
        if name not in self.names(user):
            mine = ", ".join(self.names(user)) or "none"
            raise BadInput(f"user {user!r}", f"no adapter {name!r}", f"He has: {mine}. See `idiolect adapters list`.")
        path = self._own(user)
        assert path is not None
        return path / name


def plain(name: str) -> str:
    """A name that can be a folder's: ``"ipa | oppu"`` is ``"ipa+oppu"``.

    Raises:
        BadInput: it is none.
    """
    found = name.replace(" | ", "+").replace(" ", "")
    if not derived.NAME.fullmatch(found):
        raise BadInput(f"name {name!r}", "not a name for an adapter", "Use small letters, digits, '+', '-' and '_'.")
    return found


def saved(path: Path, value: object, *, theta: object = None) -> None:
    """Publishes a value in a folder that only its owner reads.

    Raises:
        BadInput: what cannot be saved.
        StoreError: the disk is full, or the system refuses.
    """
    with told(path):
        folder.private(path)
        artifacts.save(path, value, theta=theta)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """A full disk as one sentence that names the folder."""
    try:
        yield
    except OSError as error:
        raise folder.refused(path, error) from error
