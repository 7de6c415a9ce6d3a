"""Filters on when a memory came compare moments, in whatever form and zone they are written."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from idiolect.core.errors import BadInput
from idiolect.memory.user import User

EAST = timezone(timedelta(hours=2))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"gte": "2024-05-01T11:30:00+02:00"}, True),
        ({"gt": "2024-05-01T11:30:00+02:00"}, False),
        ({"lt": "2024-05-01T10:00:00+05:00"}, False),
        ({"gte": "2024-05-01T09:30:00Z"}, True),
        ({"eq": "2024-05-01T09:30:00Z"}, True),
        ("2024-05-01T09:30:00", True),
        ({"lte": datetime(2024, 5, 1, 11, 30, tzinfo=EAST)}, True),
        ({"gt": 1714555799}, True),
        ({"gt": 1714555800}, False),
        ({"gte": "2024-05-01", "lt": "2024-05-02"}, True),
        ({"in": ["2024-05-01T11:30:00+02:00"]}, True),
        ({"contains": "2024-05-01"}, True),
        ("*", True),
    ],
)
def test_a_condition_on_created_at(ann: User, condition: Any, holds: bool) -> None:
    ann.add("I live in Rome", time="2024-05-01T09:30:00+00:00")
    assert len(ann.get_all(filters={"created_at": condition})["results"]) == holds


def test_a_condition_that_is_no_time_is_refused(ann: User) -> None:
    ann.add("I live in Rome")
    with pytest.raises(BadInput, match="time"):
        ann.get_all(filters={"created_at": {"gte": "last week"}})
