"""Conditions on a memory, as mem0 writes them; what is not understood is refused, what is empty matches nothing.

{"topic": "food"}                                    equal; "*": has any value
{"stars": {"gte": 4}}                                eq ne gt gte lt lte in nin contains icontains
{"OR": [{"topic": "food"}, {"NOT": [{"stars": 1}]}]} AND OR NOT, of lists
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from idiolect.core.errors import BadInput, UnknownName
from idiolect.memory.messages import seconds

Values = Mapping[str, Any]
ABSENT = object()
JOINED = ("AND", "OR", "NOT")


class Instant(str):
    """A time as it is shown, compared as a moment with any form of time, of any zone.

    Args:
        moment: POSIX seconds.
    """

    moment: float

    def __new__(cls, shown: str, moment: float) -> Instant:
        made = super().__new__(cls, shown)
        made.moment = moment
        return made


def matches(filters: Mapping[str, Any], values: Values) -> bool:
    """Whether all conditions hold. A condition on a field that is not there holds for `ne` and `nin` only.

    Raises:
        BadInput: something that is no condition.
        UnknownName: an operator that does not exist.
    """
    return all(_holds(name, wanted, values) for name, wanted in filters.items())


def asked(filters: Values) -> set[str]:
    """The names that conditions are on."""
    parts = [part for name in JOINED if isinstance(filters.get(name), Sequence) for part in filters[name]]
    inner = (asked(part) for part in parts if isinstance(part, Mapping))
    return set(filters).difference(JOINED).union(*inner)


def _holds(name: str, wanted: Any, values: Values) -> bool:
    if name in JOINED:
        if not isinstance(wanted, Sequence) or not all(isinstance(part, Mapping) for part in wanted):
            raise BadInput(f"filter {name}", "its value is no list of conditions", f'Write {{"{name}": [{{...}}]}}.')
        found = [matches(part, values) for part in wanted]
        return {"AND": bool(found) and all(found), "OR": any(found), "NOT": bool(found) and not any(found)}[name]
    value = values.get(name, ABSENT)
    if not isinstance(wanted, Mapping):
        return value is not ABSENT if wanted == "*" else _equal(value, wanted)
    if not wanted:
        raise BadInput(f"filter {name!r}", "no operator", f'Write {{"{name}": {{"eq": ...}}}}.')
    if unknown := set(wanted) - set(OPERATORS):
        raise UnknownName("operator", str(sorted(map(str, unknown))[0]), OPERATORS)
    return all(OPERATORS[how](value, bound) for how, bound in wanted.items())


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, Instant):
        return value.moment == seconds(wanted)
    return value is not ABSENT and isinstance(value, bool) == isinstance(wanted, bool) and bool(value == wanted)


def _ordered(compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    """Times with times, numbers with numbers and texts with texts; anything else has no order."""

    def holds(value: Any, bound: Any) -> bool:
        if isinstance(value, Instant):
            return bool(compare(value.moment, seconds(bound)))
        numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (value, bound))
        texts = isinstance(value, str) and isinstance(bound, str)
        return bool(compare(value, bound)) if numbers or texts else False

    return holds


def _within(value: Any, among: Any) -> bool:
    if isinstance(among, (str, Mapping)) or not isinstance(among, Sequence):
        raise BadInput("filter", f"'in' and 'nin' want a list, not {among!r}", 'Write {"in": [1, 2]}.')
    return any(_equal(value, one) for one in among)


def _contains(value: Any, part: Any) -> bool:
    if isinstance(value, str):
        return isinstance(part, str) and part in value
    return isinstance(value, list) and any(_equal(one, part) for one in value)


def _folded(value: Any) -> Any:
    if isinstance(value, str):
        return value.casefold()
    return [_folded(one) for one in value] if isinstance(value, list) else value


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _equal,
    "ne": lambda value, wanted: not _equal(value, wanted),
    "gt": _ordered(operator.gt),
    "gte": _ordered(operator.ge),
    "lt": _ordered(operator.lt),
    "lte": _ordered(operator.le),
    "in": _within,
    "nin": lambda value, among: not _within(value, among),
    "contains": _contains,
    "icontains": lambda value, part: _contains(_folded(value), _folded(part)),
}
