"""What is recommended: a text each, or an object with a text and more.

    {"id": "f1", "text": "A storm at sea", "tags": ["ships"], "popularity": 4.1}

`title`, `text`, `description` and `tags` make the words that are compared; `popularity` is any number that is higher
for what everybody likes more; all other fields are handed back as they came.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from idiolect.core.errors import BadInput
from idiolect.data.readers import text as reading

Given: TypeAlias = str | Mapping[str, Any]
WORDS = ("title", "text", "description", "tags")
FORM = 'Give texts, or objects such as {"id": "f1", "text": "A storm at sea", "popularity": 4.1}.'


@dataclass(frozen=True, kw_only=True)
class Item:
    """text: all its words. shown: its name. popularity: None where nothing is said of it. given: as it came."""

    id: str
    text: str
    shown: str
    popularity: float | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


def items(given: Iterable[Given] | str | Path) -> list[Item]:
    """Items of texts and objects, or of a `.json` or `.jsonl` file of them.

    Raises:
        BadInput: none at all, one without words, two of one id; names the place.
    """
    if isinstance(given, (str, Path)):
        path = Path(given)
        lined = path.suffixes[-1:] == [".jsonl"] or path.suffixes[-2:] == [".jsonl", ".gz"]
        placed = list(reading.lines(path)) if lined else _listed(path)
    else:
        placed = [(f"item {n}", one) for n, one in enumerate(given)]
    found = [_item(one, where) for where, one in placed]
    if not found:
        raise BadInput("items", "there are none", FORM)
    seen: set[str] = set()
    for (where, _), item in zip(placed, found, strict=True):
        if item.id in seen:
            raise BadInput(where, f"the id {item.id!r} is another item's too", "Give every item an id of its own.")
        seen.add(item.id)
    return found


def _listed(path: Path) -> list[tuple[str, Any]]:
    return [(f"{path}, entry {n}", one) for n, one in enumerate(reading.listing(reading.document(path), path))]


def _item(one: Any, where: str) -> Item:
    if isinstance(one, str):
        one = {"id": one, "text": one}
    if not isinstance(one, Mapping):
        raise BadInput(where, f"is a {type(one).__name__}", FORM)
    words = [_words(one[name], f"{where}, {name}") for name in WORDS if one.get(name) is not None]
    text = ". ".join(word.strip() for word in words if word.strip())
    if not text:
        raise BadInput(where, "has no words", FORM)
    popularity = one.get("popularity")
    if popularity is not None and (
        isinstance(popularity, bool) or not isinstance(popularity, (int, float)) or not math.isfinite(popularity)
    ):
        raise BadInput(where, f"{popularity!r} is no popularity", "Give a number, or leave it out.")
    name = str(one.get("title") or one.get("text") or text)
    id = reading.text(one["id"], f"{where}, id") if one.get("id") is not None else name
    return Item(id=id, text=text, shown=name, popularity=popularity, given=dict(one))


def _words(value: Any, where: str) -> str:
    if isinstance(value, list):
        return " ".join(reading.text(one, where) for one in value)
    return reading.text(value, where)
