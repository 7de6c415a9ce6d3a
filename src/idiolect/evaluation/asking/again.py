"""What has been trained once is not trained again where the very same is asked.

A cousin differs from its method in an option or two. Whether those bear on `learn` nobody needs to declare: the method
is asked to learn, and where its request is, to the last number, one that was answered under the same key, so is the
answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from hashlib import sha256
from pathlib import PurePath
from types import CodeType, ModuleType
from typing import Any, TypeAlias
from uuid import uuid4

from idiolect.core.model import Around, Model
from idiolect.core.requests import Fit, Key, Request

Place: TypeAlias = tuple[Key, bytes]
PLAIN = (str, int, float, complex, type(None), Enum, PurePath, ModuleType)  # of these `repr` says all there is


class Again(Around):
    """A model that remembers the fits of `learn`: those that belong to no user."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._known: dict[Place | None, Any] = {}

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        places = [_place(request, key) for request, key in zip(requests, keys, strict=True)]
        new = [i for i, place in enumerate(places) if place not in self._known]
        made = super().answer([requests[i] for i in new], [keys[i] for i in new]) if new else []
        found = dict(zip(new, made, strict=True))
        self._known |= {place: answer for i, answer in found.items() if (place := places[i])}
        return [found[i] if i in found else self._known[place] for i, place in enumerate(places)]


def _place(request: Request, key: Key) -> Place | None:
    """What the answer of a fit of `learn` is known by; None of any other request: it is never known."""
    return (key, fingerprint(request)) if isinstance(request, Fit) and not key.user else None


def fingerprint(value: Any) -> bytes:
    """32 bytes that name a value by all that it holds: dataclasses field by field, tensors and arrays number by number.

    A value of a kind that is not known here is like nothing else, and so is what holds it: rather trained once more
    than taken for another.
    """
    return _named(value, {})


def _named(value: Any, known: dict[int, tuple[Any, bytes]]) -> bytes:
    """known: of what has been named on the way, by identity: many items hold one theta.

    Each value is kept beside its name: the identity of one that is gone may be given to another.
    """
    if id(value) in known:
        return known[id(value)][1]
    found = sha256()
    for piece in _pieces(value):
        part = piece if isinstance(piece, bytes) else _named(piece, known)
        found.update(len(part).to_bytes(8, "big") + part)
    known[id(value)] = (value, found.digest())
    return found.digest()


def _pieces(value: Any) -> Iterable[Any]:
    """What names a value: bytes, and values that have names of their own."""
    yield f"{type(value).__module__}.{type(value).__qualname__}".encode()
    if isinstance(value, PLAIN):
        yield repr(value).encode()
    elif isinstance(value, bytes):
        yield value
    elif hasattr(value, "dtype") and hasattr(value, "ndim"):
        yield from _numbers(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from (getattr(value, f.name) for f in fields(value))
    elif isinstance(value, Mapping):
        yield from (part for item in value.items() for part in item)
    elif isinstance(value, (list, tuple)):
        yield from value
    elif isinstance(value, (set, frozenset)):
        yield from sorted(fingerprint(v) for v in value)
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif callable(value) and hasattr(value, "__qualname__"):
        yield f"{value.__module__}.{value.__qualname__}".encode()
        yield getattr(value, "__self__", None)
        yield from (getattr(value, said, None) for said in ("__code__", "__defaults__", "__kwdefaults__"))
        yield from (cell.cell_contents for cell in getattr(value, "__closure__", None) or ())
    elif isinstance(value, CodeType):
        yield from (value.co_code, value.co_names, value.co_consts)
    else:
        yield uuid4().bytes


def _numbers(value: Any) -> Iterable[Any]:
    """A tensor's or an array's type, shape and bytes; an array of objects is as they are."""
    yield f"{value.dtype!r} {tuple(value.shape)}".encode()
    if hasattr(value, "numel"):
        import torch

        yield value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
    elif value.dtype.hasobject:
        yield value.tolist()
    else:
        yield value.tobytes()
