"""Values as JSON and named tensors: what `data.artifacts` writes between its checksums.

JSON's own values stand for themselves. Everything else is an object whose key "$" says what it is: a tuple, a mapping
without text keys, a set, a tensor, an array, a function by "module:name", a frozen dataclass by "module:name" with its
fields. Functions and classes come from this package and from packages that registered methods, from nowhere else.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import math
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import FunctionType
from typing import TYPE_CHECKING, Any

from idiolect.core.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

FORMULAS = ("idiolect.adaptation.", "idiolect.training.", "idiolect.forward.", "idiolect.generation.")
NAMES = {"float32": "F32", "float64": "F64", "float16": "F16", "bfloat16": "BF16", "bool": "BOOL", "uint8": "U8"}
NAMES |= {f"int{n}": f"I{n}" for n in (8, 16, 32, 64)}
SAVABLE = "Keep plain values, tensors and frozen dataclasses; formulas must be functions at the top of a module."


class Writer:
    """Encodes one value; `tensors` then holds what goes into the safetensors file."""

    def __init__(self, theta: object = None) -> None:
        self.tensors: dict[str, Tensor] = {}
        self._names: dict[int, str] = {}
        self._kept: list[object] = []  # alive, so that no id is given twice
        self._lent = {id(t): i for i, t in enumerate(tensors_of(theta))}

    def shapes(self) -> dict[str, list[Any]]:
        """Name -> [dtype, shape], as a safetensors header has them."""
        return {n: [NAMES[str(t.dtype).removeprefix("torch.")], list(t.shape)] for n, t in self.tensors.items()}

    def encode(self, value: object, where: str) -> Any:
        """`where` is the place in the value, for the message of a refusal."""
        if value is None or isinstance(value, (bool, str)) or type(value) is int:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else {"$": "float", "value": str(value)}
        if isinstance(value, (list, tuple, set, frozenset)) and not hasattr(value, "_fields"):
            return self._items(value, where)
        if isinstance(value, Mapping):
            return self._mapping(value, where)
        if isinstance(value, FunctionType):
            return {"$": "function", "name": _named(value, where)}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value) if f.init}
            encoded = {k: self.encode(v, f"{where}.{k}") for k, v in fields.items()}
            return {"$": "object", "type": _named(type(value), where), "fields": encoded}
        return self._tensor(value, where)

    def _items(self, value: Any, where: str) -> Any:
        if isinstance(value, (set, frozenset)):
            value, kind = sorted(value, key=repr), type(value).__name__
        else:
            kind = type(value).__name__
        items = [self.encode(v, f"{where}[{i}]") for i, v in enumerate(value)]
        return items if kind == "list" else {"$": kind, "items": items}

    def _mapping(self, value: Mapping[Any, Any], where: str) -> Any:
        if all(isinstance(k, str) for k in value) and "$" not in value:
            return {k: self.encode(v, f"{where}[{k!r}]") for k, v in value.items()}
        items = [[self.encode(k, where), self.encode(v, f"{where}[{k!r}]")] for k, v in value.items()]
        return {"$": "mapping", "items": items}

    def _tensor(self, value: object, where: str) -> Any:
        import numpy as np
        import torch

        if isinstance(value, np.ndarray) and value.dtype.kind in "fiub":
            return {"$": "array", "name": self._name(value, torch.from_numpy(np.ascontiguousarray(value)), where)}
        if isinstance(value, np.generic):
            return self.encode(value.item(), where)
        if not isinstance(value, torch.Tensor):
            raise BadInput(where, f"a {type(value).__module__}.{type(value).__name__} cannot be saved", SAVABLE)
        if id(value) in self._lent:
            return {"$": "theta", "index": self._lent[id(value)], "sha256": _digest(value)}
        return {"$": "tensor", "name": self._name(value, value, where)}

    def _name(self, key: object, tensor: Tensor, where: str) -> str:
        if id(key) not in self._names:
            if str(tensor.dtype).removeprefix("torch.") not in NAMES:
                raise BadInput(where, f"tensors of {tensor.dtype} cannot be saved", "Convert it to float32 or int64.")
            if not bool(tensor.isfinite().all()):
                raise BadInput(where, "holds NaN or Inf", "Learn it again, with a smaller learning rate.")
            self._names[id(key)] = name = str(len(self._names))
            self.tensors[name] = tensor.detach().cpu().clone().contiguous()
            self._kept.append(key)
        return self._names[id(key)]


class Reader:
    """Decodes what a `Writer` encoded; anything else is refused with its place."""

    def __init__(self, tensors: Mapping[str, Tensor], theta: object, where: Path) -> None:
        self._tensors, self._lent, self._where = tensors, tensors_of(theta), where

    def decode(self, raw: Any) -> Any:
        """The value of one JSON node."""
        if isinstance(raw, list):
            return [self.decode(item) for item in raw]
        if not isinstance(raw, dict):
            return raw
        if "$" not in raw:
            return {k: self.decode(v) for k, v in raw.items()}
        try:
            return self._special(raw)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as e:
            raise BadInput(self._where, f"a node {raw['$']!r} that cannot be read ({e})", "Write it again.") from None

    def _special(self, raw: dict[str, Any]) -> Any:
        match raw["$"]:
            case "float":
                return {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}[raw["value"]]
            case "tuple" | "set" | "frozenset" as kind:
                return {"tuple": tuple, "set": set, "frozenset": frozenset}[kind](map(self.decode, raw["items"]))
            case "mapping":
                return {self.decode(k): self.decode(v) for k, v in raw["items"]}
            case "tensor":
                return self._tensors[raw["name"]]
            case "array":
                return self._tensors[raw["name"]].numpy()
            case "theta":
                return self._borrowed(raw["index"], raw["sha256"])
            case "function":
                return formula(raw["name"], self._where)
            case "object":
                return dataclass(raw["type"], self._where)(**{k: self.decode(v) for k, v in raw["fields"].items()})
        raise ValueError("no such kind")

    def _borrowed(self, index: int, digest: str) -> Tensor:
        if index >= len(self._lent) or _digest(self._lent[index]) != digest:
            raise BadInput(self._where, "learnt under another theta", "Load it with the theta that it was saved with.")
        return self._lent[index]


def formula(name: str, where: object) -> Callable[..., Any]:
    """The function "module:name", from the layers that hold formulas or from a package that registered methods.

    Raises:
        BadInput: it comes from elsewhere, or is not there.
    """
    found = _found(name, where, FORMULAS)
    if not isinstance(found, FunctionType):
        raise BadInput(where, f"{name!r} is not a function", "Install the version of the package that wrote it.")
    return found


def dataclass(name: str, where: object) -> type:
    """The dataclass "module:name", of this package or of one that registered methods.

    Raises:
        BadInput: it comes from elsewhere, or is not there.
    """
    found = _found(name, where, ("idiolect.",))
    if not (isinstance(found, type) and dataclasses.is_dataclass(found)):
        raise BadInput(where, f"{name!r} is not a dataclass", "Install the version of the package that wrote it.")
    return found


def tensors_of(value: object) -> list[Tensor]:
    """Every tensor in a value once, in the order met."""
    seen: dict[int, Any] = {}

    def walk(node: object) -> None:
        if isinstance(node, Mapping):
            for item in node.values():
                walk(item)
        elif isinstance(node, (list, tuple)):
            for item in node:
                walk(item)
        elif dataclasses.is_dataclass(node) and not isinstance(node, type):
            for f in dataclasses.fields(node):
                walk(getattr(node, f.name))
        elif hasattr(node, "data_ptr"):
            seen.setdefault(id(node), node)

    walk(value)
    return list(seen.values())


def _named(thing: Any, where: str) -> str:
    name = f"{thing.__module__}:{thing.__qualname__}"
    _found(name, where, FORMULAS if isinstance(thing, FunctionType) else ("idiolect.",))
    return name


def _found(name: str, where: object, prefixes: tuple[str, ...]) -> Any:
    module, _, attribute = name.partition(":")
    if not module.startswith((*prefixes, *_registered())) or not attribute.isidentifier():
        raise BadInput(where, f"{name!r} is not a top-level name of a package of methods", SAVABLE)
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError):
        fix = "Install the version of the package that wrote it."
        raise BadInput(where, f"there is no {name!r}", fix) from None
    if found.__module__ != module:  # what a module imported is not its own
        raise BadInput(where, f"{name!r} is defined elsewhere", SAVABLE)
    return found


@cache
def _registered() -> tuple[str, ...]:
    """Packages that brought methods by entry point, as prefixes of module names."""
    tops = {e.module.split(".")[0] + "." for e in entry_points(group="idiolect.methods")}
    return tuple(sorted(tops))


def _digest(tensor: Tensor) -> str:
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(flat.numpy().tobytes()).hexdigest()
