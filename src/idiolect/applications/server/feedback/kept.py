"""What feedback taught, in their own folders: read where it changed, published whole, gone with its sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from idiolect.applications.server.adapters.stored import Owns
from idiolect.core.types import UserData
from idiolect.data import artifacts
from idiolect.data.sqlite import folder
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import derived
from idiolect.governance.view import Purpose


class Kept:
    """Published by space, user and method; `own` reads it. about: what each says of itself beside its numbers; an own
    that was learnt over another base model is not served.

    Args:
        stores: a space's store, by name.
        base: digest of the model that adapters stand on.
    """

    def __init__(self, stores: Callable[[str], SQLiteStore], *, model: str, base: str) -> None:
        self.stores, self.model, self.base = stores, model, base
        self.own = Owns(stores, base)

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
        path = self.own.path(space, user, "")
        found = artifacts.names(path) if path else ()
        return {name: artifacts.size(path / name) for name in found} if path else {}

    def delete(self, space: str, user: str, name: str) -> bool:
        """Removes one; whether it was there."""
        path = self.own.path(space, user, name)
        if path is None or not artifacts.exists(path):
            return False
        folder.remove(path)
        return True

    def forget(self, space: str, user: str) -> None:
        """Lets go of what is held of a user who goes."""
        self.own.forget(space, user)
