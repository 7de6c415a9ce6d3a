"""What methods learnt of users and of everybody, read from their folders where it changed, held while there is room."""

from __future__ import annotations

import ast
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

from idiolect.composition import AnyMethod
from idiolect.core.errors import BadInput
from idiolect.data import artifacts
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.registry import build

OWN, ROOM = "own", 2**30  # bytes at rest of what is held
ELSEWHERE, UNREADABLE = "was learnt over another base model", "what it learnt of him cannot be read: adapt him again"
NOTHING = "has learnt nothing of him yet"


@dataclass(frozen=True, kw_only=True)
class Held:
    """One artifact in memory. stamp: of its file and of its theta's."""

    stamp: tuple[int, ...]
    size: int
    value: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What a method has for a user. parts: its methods, each as it was when it learnt; several where they learnt
    together, theta and own then being pairs of theirs. missing: why there is no own."""

    parts: Mapping[str, AnyMethod]
    theta: Any = None
    own: Any = None
    missing: str = ""


class Owns:
    """By space, user and name. What was learnt over another base model is not served.

    Args:
        stores: a space's store, by name.
        base: digest of the model that answers.
        room: bytes at rest of what is held; what was used last ago goes first.
    """

    def __init__(self, stores: Callable[[str], SQLiteStore], base: str, room: int = ROOM) -> None:
        self.stores, self.base, self.room = stores, base, room
        self._held: OrderedDict[Path, Held] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __call__(self, space: str, user: str, name: str) -> Any:
        """What a method learnt of him; None where there is nothing, or where it cannot be read."""
        try:
            own = self._own(space, user, name, self._theta(space, name))
        except BadInput:
            return None
        return own["own"] if own is not None and own["base"] in ("", self.base) else None

    def stored(self, space: str, user: str, name: str) -> Stored | None:
        """All that there is for him under a name; None where nobody learnt anything under it.

        Raises:
            BadInput: what was learnt from everybody is damaged.
            UnknownName: it was learnt with an option that is no more.
        """
        everybody, own, missing = self._theta(space, name), None, NOTHING
        try:
            own = self._own(space, user, name, everybody)
        except BadInput:
            missing = UNREADABLE
        if own is not None and own["base"] != self.base:
            own, missing = None, ELSEWHERE
        theta = everybody.value if everybody is not None and everybody.value["base"] == self.base else None
        about = own or theta
        if about is None:
            return None if missing == NOTHING else Stored(parts={}, missing=missing)
        return Stored(
            parts={part: build(part, _options(part, about["options"])) for part in about["method"].split(" | ")},
            theta=theta["theta"] if theta else None,
            own=own["own"] if own else None,
            missing="" if own else missing,
        )

    def path(self, space: str, user: str, name: str) -> Path | None:
        """Where what was learnt of him lies; None where nothing is kept of him."""
        with self.stores(space).unit(user) as unit:
            return None if unit is None else unit.path / OWN / name

    def forget(self, space: str, user: str) -> None:
        """Lets go of what is held of a user who goes."""
        path = self.path(space, user, "")
        with self._lock:
            for held in [p for p in self._held if path is not None and p.is_relative_to(path)]:
                self._taken(held)

    def _own(self, space: str, user: str, name: str, under: Held | None) -> dict[str, Any] | None:
        path = self.path(space, user, name)
        found = self._read(path, under) if path is not None else None
        return found.value if found is not None else None

    def _theta(self, space: str, name: str) -> Held | None:
        store = self.stores(space)
        return self._read(artifacts.theta_folder(store.home, store.space, name))

    def _read(self, path: Path, under: Held | None = None) -> Held | None:
        """What lies there; None where nothing does. under: the theta that it was learnt with.

        Raises:
            BadInput: it is damaged, or was learnt under another theta.
        """
        with self._lock:
            held = self._taken(path)
        try:
            at = (path / artifacts.VALUE).stat()
        except OSError:
            return None
        stamp = (at.st_mtime_ns, at.st_ino, *(under.stamp if under else ()))
        if held is None or held.stamp != stamp:
            value = artifacts.load(path, theta=under.value["theta"] if under else None)
            held = Held(stamp=stamp, size=artifacts.size(path), value=value)
        with self._lock:
            self._taken(path)  # another may have been as fast
            self._held[path], self._bytes = held, self._bytes + held.size
            while self._bytes > self.room and len(self._held) > 1:
                self._taken(next(iter(self._held)))
        return held

    def _taken(self, path: Path) -> Held | None:
        """Out of what is held."""
        held = self._held.pop(path, None)
        self._bytes -= held.size if held else 0
        return held


def _options(part: str, kept: Mapping[str, Any]) -> dict[str, Any]:
    """What a method was built with, from what an adapter says: fields as they print, or as settings have them."""
    fields = kept.get(part, kept)
    return {k: _value(ast.parse(v, mode="eval").body) for k, v in fields.items()} if part in kept else dict(fields)


def _value(node: ast.expr) -> Any:
    """A plain value as it prints; an object of named fields as a table of them."""
    if isinstance(node, ast.Call):
        return {str(word.arg): _value(word.value) for word in node.keywords}
    return ast.literal_eval(node)
