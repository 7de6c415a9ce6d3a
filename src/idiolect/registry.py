"""A method's name is the stem of its file: ``adaptation/<level>/<family>/<name>.py``. No other list is kept.

Listing names or reading cards imports no method, and so no torch; `get` imports exactly one file. Strangers add theirs
through the entry-point group ``idiolect.methods`` (name = module). `build` turns plain data, as read from TOML, into an
instance: nested tables become nested dataclasses.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import pkgutil
import typing
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import idiolect.adaptation as root
from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.method import Access, Card, Method

GROUP = "idiolect.methods"  # entry-point group of methods that live in other packages
AnyMethod: TypeAlias = Method[Any, Any]


@cache
def names() -> dict[str, str]:
    """Registry name -> module path, sorted by name. Our own files win over entry points of the same name.

    Raises:
        BadInput: two of our files have one name.
    """
    depth = root.__name__.count(".") + 3
    found: dict[str, str] = {}
    for m in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        if m.ispkg or m.name.count(".") != depth:
            continue
        name = m.name.rpartition(".")[2]
        if name in found:
            raise BadInput(m.name, f"{found[name]} has the same name", "rename one of the two files")
        found[name] = m.name
    strangers = {p.name: p.value for p in entry_points(group=GROUP) if p.name not in found}
    return dict(sorted((found | strangers).items()))


def files_of(package: ModuleType) -> dict[str, str]:
    """Name -> module path of every file ``<family>/<name>.py`` of a package, family by family."""
    return {
        m.name: f"{package.__name__}.{family.name}.{m.name}"
        for family in pkgutil.iter_modules(package.__path__)
        if family.ispkg
        for m in pkgutil.iter_modules([f"{folder}/{family.name}" for folder in package.__path__])
    }


def path(name: str) -> Path:
    """The file of a method.

    Raises:
        UnknownName: with up to three near names.
    """
    spec = find_spec(_module(name))
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin)


def card(name: str) -> Card:
    """The method's card, read from its source without importing it.

    Raises:
        UnknownName: no such method.
        BadInput: the file has no card, or one that is not made of literals.
    """
    file = path(name)
    tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Card":
            try:
                return Card(**{k.arg: _literal(k.value) for k in node.keywords if k.arg})
            except (ValueError, TypeError, KeyError) as error:
                where = f"{file}:{node.lineno}"
                raise BadInput(where, f"the card cannot be read ({error})", "write literals only") from error
    raise BadInput(file, "no card", "put @method(Card(...)) above the class")


def get(name: str) -> type[AnyMethod]:
    """Imports one method's file and returns its class.

    Raises:
        UnknownName: with up to three near names.
        BadInput: the file defines no method, or more than one.
    """
    module = importlib.import_module(_module(name))
    own: list[type[AnyMethod]] = [v for v in vars(module).values() if _is_own(v, module)]
    if len(own) != 1:
        raise BadInput(module.__name__, f"{len(own)} methods in one file", "give each method a file of its own")
    return own[0]


def build(name: str, options: Mapping[str, Any] | None = None) -> AnyMethod:
    """An instance from plain data.

    Raises:
        UnknownName: for a name, an option or a choice that does not exist, with near ones.
        BadInput: an option of the wrong type.
    """
    made = make(get(name)(), options or {}, where=name)
    return typing.cast(AnyMethod, made)


def make(default: Any, options: Mapping[str, Any], *, where: str) -> Any:
    """`default` (a frozen dataclass) with some fields replaced; tables go into the dataclass that stands there."""
    known = {f.name for f in dataclasses.fields(default) if f.init}
    kinds = typing.get_type_hints(type(default))
    values: dict[str, Any] = {}
    for key, value in options.items():
        if key not in known:
            raise UnknownName(f"option of {where}", key, known)
        values[key] = _fitted(getattr(default, key), value, where=f"{where}.{key}")
        if typing.get_origin(kinds[key]) is typing.Literal and value not in typing.get_args(kinds[key]):
            raise UnknownName(f"{where}.{key}", str(value), map(str, typing.get_args(kinds[key])))
    return dataclasses.replace(default, **values)


def _fitted(old: Any, new: Any, *, where: str) -> Any:
    """`new` in the type of the default that it replaces; a whole number may stand for a fraction."""
    if isinstance(new, Mapping) and dataclasses.is_dataclass(old):
        return make(old, new, where=where)
    if isinstance(old, tuple) and isinstance(new, list):
        return tuple(new)
    if isinstance(old, float) and type(new) is int:
        return float(new)
    odd = isinstance(new, bool) and not isinstance(old, bool)  # a truth value passes for a whole number
    if old is not None and (odd or not isinstance(new, type(old))):
        raise BadInput(where, f"{new!r} is a {type(new).__name__}", f"give a {type(old).__name__} such as {old!r}")
    return new


def _module(name: str) -> str:
    known = names()
    if name not in known:
        raise UnknownName("method", name, known)
    return known[name]


def _literal(node: ast.expr) -> Any:
    """`ast.literal_eval` that also knows `Access.LOGITS`."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Access":
        return Access[node.attr]
    if isinstance(node, ast.Dict):
        keys: Iterable[ast.expr | None] = node.keys
        return {_literal(k): _literal(v) for k, v in zip(keys, node.values, strict=True) if k is not None}
    return ast.literal_eval(node)


def _is_own(value: object, module: ModuleType) -> bool:
    return isinstance(value, type) and issubclass(value, Method) and value.__module__ == module.__name__
