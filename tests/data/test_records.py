"""Records as plain mappings: what goes out comes in, and each mistake is named with its place."""

from __future__ import annotations

from typing import Any

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn
from idiolect.data.records import parse, plain

ONE_OF_EACH: list[Record] = [
    Attribute(id="1", name="occupation", value="singer", time=5.0),
    Relation(id="2", name="sister", value="Anna", valid_to=9.0),
    Turn(id="3", text="hello", role="assistant", session="s"),
    Post(id="4", task="headline", prompt="a note", text="A Note", local_only=True),
    Interaction(id="5", task="tag", prompt="a film", text="salty", item="f1"),
    Preference(id="6", prompt="p", chosen="c", rejected="r"),
]


@pytest.mark.parametrize("record", ONE_OF_EACH, ids=lambda r: r.kind)
def test_a_record_of_each_kind_survives(record: Record) -> None:
    assert parse(plain(record), "here") == record


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ([], "must be an object"),
        ({"id": "1"}, "'kind' is None"),
        ({"kind": "atribute", "id": "1"}, "did you mean attribute"),
        ({"kind": "turn", "id": "1"}, "without 'text'"),
        ({"kind": "turn", "id": "1", "txt": "a"}, "unknown field 'txt' in a turn.*did you mean text"),
        ({"kind": "turn", "id": "1", "text": 3}, "field 'text': 3 is not of type str"),
        ({"kind": "turn", "id": "1", "text": "a", "role": "boss"}, "'boss' is not one of user, assistant"),
        ({"kind": "turn", "id": "1", "text": "a", "time": "noon"}, "'noon' is not a finite number"),
        ({"kind": "turn", "id": "1", "text": "a", "time": float("nan")}, "nan is not a finite number"),
        ({"kind": "turn", "id": "1", "text": "a", "local_only": 1}, "1 is not of type bool"),
    ],
)
def test_a_malformed_record_is_refused_with_its_place_and_the_fix(raw: Any, says: str) -> None:
    with pytest.raises(BadInput, match=f"file.json, record 7.*{says}"):
        parse(raw, "file.json, record 7")
