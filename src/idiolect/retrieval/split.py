"""Long texts in pieces that a sentence encoder reads whole.

Structured text (JSON) falls into its innermost objects, prose into lines and sentences; pieces are packed up to
`LENGTH`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

LENGTH = 600  # characters: about 150 tokens, well within what the encoder was trained on
MOST = 64  # pieces of one text; what comes after is found by its words
END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|\n+|(?<=[。！？])")
VERSION = 1


def pieces(text: str) -> list[str]:
    """The text itself where it is short; else what it falls into, in order."""
    if len(text) <= LENGTH:
        return [text]
    parts = list(_leaves(_structure(text))) or [part for part in END.split(text) if part.strip()]
    cut = [part[i : i + LENGTH] for part in parts for i in range(0, len(part), LENGTH)]
    return _packed(cut)[:MOST]


def _packed(parts: list[str]) -> list[str]:
    """Neighbours joined while they fit."""
    found: list[str] = []
    for part in parts:
        if found and len(found[-1]) + len(part) < LENGTH // 2:
            found[-1] = f"{found[-1]} {part}"
        else:
            found.append(part)
    return found


def _structure(text: str) -> Any:
    if text[:1] in "{[":
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            return None
    return None


def _leaves(value: Any) -> Iterator[str]:
    """One line an object: its plain values, joined; the objects in it after it."""
    if isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, dict):
        below = [one for one in value.values() if _nested(one)]
        plain = [one for one in value.values() if not _nested(one)]
        if line := ": ".join(", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in plain):
            yield line
        for one in below:
            yield from _leaves(one)


def _nested(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value))
