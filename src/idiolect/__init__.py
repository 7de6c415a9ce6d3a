"""Gives any language model one idiolect per user: published personalisation methods behind one interface.

Importing this loads no tensor library; each name below loads its module when it is first asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from idiolect.applications.talk import open
    from idiolect.core.errors import IdiolectError
    from idiolect.core.idiolect import Block, Combine, Computed, Edit, Idiolect, Stream
    from idiolect.core.layout import ask
    from idiolect.core.method import Access, Card, Method, method
    from idiolect.core.types import Attribute, Interaction, Post, Preference, Query, Relation, Turn, UserData
    from idiolect.data.store import MemoryStore
    from idiolect.governance.view import population, view
    from idiolect.memory.space import Space
    from idiolect.models.embedded import open_embedded
    from idiolect.models.hf import HFModel
    from idiolect.personalize import Personal, compose

_PLACES = {
    "applications.talk": ("open",),
    "core.errors": ("IdiolectError",),
    "core.idiolect": ("Block", "Combine", "Computed", "Edit", "Idiolect", "Stream"),
    "core.layout": ("ask",),
    "core.method": ("Access", "Card", "Method", "method"),
    "core.types": ("Attribute", "Interaction", "Post", "Preference", "Query", "Relation", "Turn", "UserData"),
    "data.store": ("MemoryStore",),
    "governance.view": ("population", "view"),
    "memory.space": ("Space",),
    "models.embedded": ("open_embedded",),
    "models.hf": ("HFModel",),
    "personalize": ("Personal", "compose"),
}
_HOME = {name: f"idiolect.{module}" for module, names in _PLACES.items() for name in names}

__all__ = [
    "Access",
    "Attribute",
    "Block",
    "Card",
    "Combine",
    "Computed",
    "Edit",
    "HFModel",
    "Idiolect",
    "IdiolectError",
    "Interaction",
    "MemoryStore",
    "Method",
    "Personal",
    "Post",
    "Preference",
    "Query",
    "Relation",
    "Space",
    "Stream",
    "Turn",
    "UserData",
    "ask",
    "compose",
    "method",
    "open",
    "open_embedded",
    "population",
    "view",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'idiolect' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
