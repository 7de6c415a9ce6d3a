"""A record as a plain mapping ({"kind": "post", "id": "p1", ...}) and back; every mistake is named with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.types import KINDS, Record

DEFAULTS = {kind: tuple((f.name, f.default) for f in fields(cls)) for kind, cls in KINDS.items()}
TYPES = {kind: {f.name: get_type_hints(cls)[f.name] for f in fields(cls)} for kind, cls in KINDS.items()}


def plain(record: Record) -> dict[str, Any]:
    """The record's kind and every field that is not at its default."""
    kept: dict[str, Any] = {"kind": record.kind}
    for name, default in DEFAULTS[record.kind]:
        value = getattr(record, name)
        if default is MISSING or value != default:
            kept[name] = value
    return kept


def lawful(record: Record) -> Record:
    """The same record; one that could be written but never be read again would take all others of its user with it.

    Raises:
        BadInput: a field of another type than it has to be, or a number that is not finite.
    """
    for name, hint in TYPES[record.kind].items():
        value = getattr(record, name)
        if hint is float or type(value) is not hint:
            _checked(value, hint, f"record {record.id!r}, field {name!r}")
    return record


def parse(raw: object, where: object) -> Record:
    """The record that a mapping describes; `where` names the file and the place in it.

    Raises:
        BadInput: not a mapping, no such kind, a field unknown, missing or of another type.
    """
    if not isinstance(raw, Mapping):
        raise BadInput(where, f"a record must be an object, not {_shown(raw)}", 'Write {"kind": "post", "id": ...}.')
    kind = raw.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        hint = str(UnknownName("kind of record", str(kind), KINDS))
        raise BadInput(where, f"the field 'kind' is {_shown(kind)}", f"{hint}.")
    cls = KINDS[kind]
    given = {k: v for k, v in raw.items() if k != "kind"}
    types = TYPES[kind]
    for name, value in given.items():
        if name not in types:
            raise BadInput(where, f"unknown field {name!r} in a {kind}", f"{UnknownName('field', str(name), types)}.")
        given[name] = _checked(value, types[name], f"{where}, field {name!r}")
    missing = [name for name, default in DEFAULTS[kind] if default is MISSING and name not in given]
    if missing:
        raise BadInput(where, f"a {kind} without {', '.join(map(repr, missing))}", "Add what is missing.")
    return cls(**given)


def _checked(value: object, hint: Any, where: str) -> object:
    allowed = get_args(hint)
    if get_origin(hint) is Literal:
        if value not in allowed:
            raise BadInput(where, f"{_shown(value)} is not one of {', '.join(allowed)}", "Use one of these.")
        return value
    if value is None and type(None) in allowed:
        return value
    if hint is float or float in allowed:
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not math.isfinite(value):  # type: ignore[arg-type]
            raise BadInput(where, f"{_shown(value)} is not a finite number", "Times are POSIX seconds, as numbers.")
        return float(value)  # type: ignore[arg-type]
    if not isinstance(value, hint):
        raise BadInput(where, f"{_shown(value)} is not of type {hint.__name__}", f"Give a {hint.__name__}.")
    return value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
