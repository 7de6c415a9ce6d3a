"""One's own file of messages, in either of two forms, told apart by what stands in it.

    {"user": "ann", "messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]}
    {"user": "ann", "text": "See you at noon", "time": "2024-05-01T09:30:00"}

The first is a conversation as in the OpenAI API, the second a single message. A file is one JSON list of them, one
object, or a line each; `user` may be left out where there is one person. Every message becomes a `Turn`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.data.dataset import Dataset
from idiolect.data.readers.text import document, instant, lines, mapping, text

ROLES = ("user", "assistant", "system", "tool")
ALONE = "me"  # the user of a file that names nobody
FORM = 'Give {"user", "text", "time"} or {"user", "messages": [{"role", "content"}]}.'


def read(path: str | Path) -> Dataset:
    """Every person's turns, oldest first.

    Raises:
        BadInput: names the line or entry that cannot be read, or a file without messages.
    """
    path = Path(path)
    people: dict[str, list[Turn]] = {}
    dated: set[str] = set()
    for where, raw in _entries(path):
        entry = mapping(raw, where)
        user = text(entry.get("user", ALONE), where)
        turns = people.setdefault(user, [])
        if user not in dated and entry.get("time") is not None:
            turns[:] = _leading(turns, instant(entry["time"], where))
            dated.add(user)
        turns += _turns(entry, f"m{len(turns)}", turns[-1].time if turns else 0.0, where)
    if not any(people.values()):
        raise BadInput(path, "holds no messages", FORM)
    ordered = {u: tuple(sorted(t, key=lambda turn: turn.time)) for u, t in people.items()}
    undated = frozenset((user, turn.id) for user, turns in people.items() if user not in dated for turn in turns)
    return Dataset(name=path.stem, people=ordered, undated=undated)


def _entries(path: Path) -> Iterator[tuple[str, Any]]:
    if path.suffixes[-1:] == [".jsonl"] or path.suffixes[-2:] == [".jsonl", ".gz"]:
        yield from lines(path)
        return
    whole = document(path)
    for n, entry in enumerate(whole if isinstance(whole, list) else [whole]):
        yield f"{path}, entry {n}", entry


def _leading(turns: list[Turn], first: float) -> list[Turn]:
    """Turns that state no time and stand before the first that does: a second each, up to it."""
    return [replace(turn, time=first - len(turns) + place) for place, turn in enumerate(turns)]


def _turns(entry: dict[str, Any], session: str, last: float, where: str) -> list[Turn]:
    """The turns of one entry; where it states no time they follow the last one at a second each."""
    if unknown := set(entry) - {"user", "messages", "text", "time", "role", "id"}:
        raise BadInput(where, f"unknown field {sorted(unknown)[0]!r}", FORM)
    start = instant(entry.get("time"), where, last + 1)
    if "messages" not in entry:
        role = entry.get("role", "user")
        return [_turn(entry.get("text"), role, str(entry.get("id", session)), session, start, where)]
    if not isinstance(entry["messages"], list):
        raise BadInput(where, "'messages' is no list", FORM)
    turns = []
    for n, raw in enumerate(entry["messages"]):
        place = f"{where}, message {n}"
        message = mapping(raw, place, "role", "content")
        turns.append(_turn(message["content"], message["role"], f"{session}.{n}", session, start + n, place))
    return turns


def _turn(said: object, role: object, name: str, session: str, when: float, where: str) -> Turn:
    if not isinstance(said, str):
        raise BadInput(where, f"the text of a message is {type(said).__name__}", FORM)
    if role not in ROLES:
        raise BadInput(where, f"no role {role!r}", f"Roles are {', '.join(ROLES)}.")
    return Turn(id=name, text=said, role=cast(Any, role), session=session, time=when)
