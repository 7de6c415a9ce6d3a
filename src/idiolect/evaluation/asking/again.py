"""What has been trained once is not trained again where the very same is asked.

A cousin differs from its method in an option or two. Whether those bear on `learn` nobody needs to declare: the method
is asked to learn, and where its request is, to the last number, one that was answered under the same key, so is the
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from hashlib import sha256
from typing import Any, TypeAlias

from idiolect.core.method import Access
from idiolect.core.model import Model
from idiolect.core.requests import Fit, Key, Request

Place: TypeAlias = tuple[Key, bytes]


class Again:
    """A model that remembers the fits of `learn`: those that belong to no user."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._known: dict[Place | None, Any] = {}

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def digest(self) -> str:
        return self._model.digest

    @property
    def access(self) -> Access:
        return self._model.access

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        places = [_place(request, key) for request, key in zip(requests, keys, strict=True)]
        new = [i for i, place in enumerate(places) if place not in self._known]
        made = self._model.answer([requests[i] for i in new], [keys[i] for i in new]) if new else []
        found = dict(zip(new, made, strict=True))
        self._known |= {place: answer for i, answer in found.items() if (place := places[i])}
        return [found[i] if i in found else self._known[place] for i, place in enumerate(places)]


def _place(request: Request, key: Key) -> Place | None:
    """What the answer of a fit of `learn` is known by; None of any other request: it is never known."""
    return (key, fingerprint(request)) if isinstance(request, Fit) and not key.user else None


def fingerprint(value: Any) -> bytes:
    """32 bytes that name a value by all that it holds: dataclasses field by field, tensors number by number."""
    return _named(value, {})


def _named(value: Any, known: dict[int, bytes]) -> bytes:
    """known: of what has been named on the way, by identity: many items hold one theta."""
    if id(value) in known:
        return known[id(value)]
    found = sha256()
    for piece in _pieces(value):
        part = piece if isinstance(piece, bytes) else _named(piece, known)
        found.update(len(part).to_bytes(8, "big") + part)
    known[id(value)] = found.digest()
    return known[id(value)]


def _pieces(value: Any) -> Iterable[Any]:
    """What names a value: bytes, and values that have names of their own."""
    yield f"{type(value).__module__}.{type(value).__qualname__}".encode()
    if hasattr(value, "numel") and hasattr(value, "ndim"):
        import torch

        yield f"{value.dtype} {tuple(value.shape)}".encode()
        yield value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, f.name) for f in fields(value))
    elif isinstance(value, Mapping):
        yield from (part for item in value.items() for part in item)
    elif isinstance(value, (list, tuple)):
        yield from value
    elif isinstance(value, (set, frozenset)):
        yield from sorted(fingerprint(v) for v in value)
    elif callable(value) and hasattr(value, "__qualname__"):
        yield f"{value.__module__}.{value.__qualname__}".encode()
        yield getattr(value, "__self__", None)
        yield from (cell.cell_contents for cell in getattr(value, "__closure__", None) or ())
    else:
        yield repr(value).encode()
