"""A name for any value by all that it holds: two requests of one name are the same request, to the last number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import partial
from hashlib import sha256
from pathlib import PurePath
from types import CodeType, ModuleType
from typing import Any
from uuid import uuid4

PLAIN = (str, int, float, complex, type(None), Enum, PurePath, ModuleType)  # of these `repr` says all there is


def fingerprint(value: Any) -> bytes:
    """32 bytes that name a value by all that it holds: dataclasses field by field, tensors and arrays number by number.

    It is the same in every process of one Python. A value of a kind that is not known here is like nothing else, and so
    is what holds it: rather trained once more than taken for another.
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
        value = value.detach().cpu()
        yield (value.float() if "bfloat16" in str(value.dtype) else value).numpy().tobytes()  # numpy knows no bf16
    elif value.dtype.hasobject:
        yield value.tolist()
    else:
        yield value.tobytes()
