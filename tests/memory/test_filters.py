"""Filters: each operator by hand, absent fields, types that do not fit, and what fails closed."""

from __future__ import annotations

from typing import Any

import pytest

from idiolect.core.errors import BadInput, UnknownName
from idiolect.memory.filters import matches

VALUES = {"s": "Tea", "n": 3, "f": 2.5, "yes": True, "list": ["a", "B"], "none": None}


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({}, True),
        ({"s": "Tea"}, True),
        ({"s": "tea"}, False),
        ({"n": 3.0}, True),
        ({"yes": 1}, False),
        ({"yes": True}, True),
        ({"none": None}, True),
        ({"absent": None}, False),
        ({"s": "*"}, True),
        ({"absent": "*"}, False),
        ({"s": {"eq": "Tea"}}, True),
        ({"s": {"ne": "Tea"}}, False),
        ({"absent": {"ne": 1}}, True),
        ({"n": {"gt": 2, "lt": 4}}, True),
        ({"n": {"gt": 3}}, False),
        ({"n": {"gte": 3}}, True),
        ({"n": {"lt": 3}}, False),
        ({"n": {"lte": 3}}, True),
        ({"f": {"gt": 2}}, True),
        ({"s": {"gt": "Sea"}}, True),
        ({"s": {"gt": 1}}, False),
        ({"n": {"gt": "1"}}, False),
        ({"yes": {"gte": 0}}, False),
        ({"absent": {"lt": 1}}, False),
        ({"n": {"in": [1, 3]}}, True),
        ({"n": {"in": []}}, False),
        ({"n": {"nin": [1, 3]}}, False),
        ({"absent": {"nin": [1]}}, True),
        ({"absent": {"in": [None]}}, False),
        ({"s": {"contains": "ea"}}, True),
        ({"s": {"contains": "EA"}}, False),
        ({"s": {"icontains": "EA"}}, True),
        ({"list": {"contains": "a"}}, True),
        ({"list": {"contains": "b"}}, False),
        ({"list": {"icontains": "b"}}, True),
        ({"n": {"contains": 3}}, False),
        ({"n": 3, "s": "x"}, False),
        ({"AND": [{"n": 3}, {"s": "Tea"}]}, True),
        ({"AND": [{"n": 3}, {"s": "x"}]}, False),
        ({"OR": [{"n": 0}, {"s": "Tea"}]}, True),
        ({"OR": [{"n": 0}]}, False),
        ({"NOT": [{"n": 0}]}, True),
        ({"NOT": [{"n": 0}, {"n": 3}]}, False),
        ({"NOT": [{"OR": [{"AND": [{"n": 3}]}]}]}, False),
        ({"AND": []}, False),
        ({"OR": []}, False),
        ({"NOT": []}, False),
    ],
)
def test_a_condition_holds_or_not(filters: dict[str, Any], holds: bool) -> None:
    assert matches(filters, VALUES) is holds


@pytest.mark.parametrize("wrong", [{"OR": {"n": 3}}, {"AND": [3]}, {"n": {}}, {"n": {"in": "abc"}}, {"n": {"in": 3}}])
def test_what_is_no_condition_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="filter"):
        matches(wrong, VALUES)


def test_an_unknown_operator_is_named_with_its_neighbours() -> None:
    with pytest.raises(UnknownName, match="no operator called 'gtee'; did you mean gte"):
        matches({"n": {"gtee": 3}}, VALUES)
