"""What feedback taught, in their own folders: read where it changed, published whole, gone with its sources."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import UserData
from idiolect.data import artifacts
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import derived
from idiolect.governance.view import Purpose

OWN, HELD = "own", 256
Stamp = tuple[int, int]


class Kept:
    """Owns by space, user and method. about: what each says of itself beside its numbers; an own that was learnt over
    another base model is not served.

    Args:
        stores: a space's store, by name.
        base: digest of the model that adapters stand on.
    """

    def __init__(self, stores: Callable[[str], SQLiteStore], *, model: str, base: str) -> None:
        self.stores, self.model, self.base = stores, model, base
        self._held: OrderedDict[Path, tuple[Stamp, dict[str, Any]]] = OrderedDict()
        self._lock = Lock()

    def own(self, space: str, user: str, name: str) -> Any:
        """What a method learnt of him; None where there is nothing, or where it cannot be read."""
        path = self._path(space, user, name)
        if path is None:
            return None
        try:
            at = (path / artifacts.VALUE).stat()
            stamp = (at.st_mtime_ns, at.st_ino)
            with self._lock:
                held = self._held.get(path)
            if held is None or held[0] != stamp:
                held = (stamp, artifacts.load(path))
        except (OSError, BadInput):  # gone, perhaps between two lines of this
            with self._lock:
                self._held.pop(path, None)
            return None
        with self._lock:
            self._held[path] = held
            self._held.move_to_end(path)
            while len(self._held) > HELD:
                self._held.popitem(last=False)
        said = held[1]
        return said["own"] if said["base"] in ("", self.base) else None

    def write(
        self, space: str, data: UserData, name: str, own: Any, *, options: Mapping[str, Any], purpose: Purpose
    ) -> None:
        """Publishes an own with the records that it was learnt from; if one of them went meanwhile, so does the own.

        Raises:
            BadInput: he is gone.
        """
        store = self.stores(space)
        sources = {id for _, id in own.sources}
        seen = replace(data, records=tuple(r for r in data.records if r.id in sources))
        trained = purpose == "train"
        about = {"method": name, "options": dict(options), "model": self.model, "base": self.base if trained else ""}
        value = {**about, "seed": 0, "plan": "", "losses": [], "own": own}
        derived.keep(store, name, value, [seen], user=data.user_id, purpose=purpose)
        derived.settle(store, data.user_id)

    def names(self, space: str, user: str) -> dict[str, int]:
        """Everything that was learnt of him -> bytes at rest."""
        path = self._path(space, user, "")
        found = artifacts.names(path) if path else ()
        return {name: artifacts.size(path / name) for name in found} if path else {}

    def delete(self, space: str, user: str, name: str) -> bool:
        """Removes one; whether it was there."""
        path = self._path(space, user, name)
        if path is None or not artifacts.exists(path):
            return False
        folder.remove(path)
        return True

    def forget(self, space: str, user: str) -> None:
        """Lets go of what is held of a user who goes."""
        path = self._path(space, user, "")
        with self._lock:
            for held in [p for p in self._held if path is not None and p.is_relative_to(path)]:
                del self._held[held]

    def _path(self, space: str, user: str, name: str) -> Path | None:
        with self.stores(space).unit(user) as unit:
            return None if unit is None else unit.path / OWN / name
