"""What `add` takes: texts, OpenAI messages, typed records; one or many. And times in any usual form."""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast, get_args

from idiolect.core.errors import BadInput
from idiolect.core.types import Record, Turn

One: TypeAlias = str | Mapping[str, Any] | Record
Given: TypeAlias = One | Iterable[One]
Moment: TypeAlias = float | str | datetime

ROLES = ("user", "assistant", "system", "tool")
ALIKE = {"developer": "system", "function": "tool"}  # what OpenAI calls, or called, the same
TYPES = get_args(Record)
NUMBER = re.compile(r"\d{9,}(?:\.\d*)?|\d{1,7}(?:\.\d*)?|\d*\.\d+")  # eight digits are a date
FORM = 'Give a text, {"role": "user", "content": "..."}, or a record such as Turn(id=..., text=...).'


def seconds(moment: Moment) -> float:
    """POSIX seconds of a number, also one in a text, a datetime, or an ISO date and time (UTC where no zone is named).

    Raises:
        BadInput: none of these.
    """
    if isinstance(moment, (int, float)) and not isinstance(moment, bool):
        return float(moment)
    try:
        if isinstance(moment, str) and NUMBER.fullmatch(moment):
            return float(moment)
        when = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        fix = "Give POSIX seconds, a datetime, or a text like 2024-05-01T09:30:00."
        raise BadInput("time", f"{moment!r} is no time", fix) from None


def coming(moment: Moment, now: float) -> float:
    """POSIX seconds of a moment that is to come.

    Raises:
        BadInput: it is over, endless or no time.
    """
    found = seconds(moment)
    if not now < found < math.inf:
        raise BadInput("expires", f"{moment!r} is not to come", "Give a later moment, or leave it out to keep it.")
    return found


def records(given: Given, *, user: str, session: str = "", now: float, key: str | None = None) -> list[Record]:
    """One record a text, message or record; what says nothing is left out.

    Args:
        user: whose they are: a message with another `name` was said by somebody else, and is kept as said by him.
        session: of the turns.
        now: POSIX seconds, the time of every message that states none; all have the same, their order tells the rest.
        key: the same makes the same ids; they are drawn where it is left out.

    Raises:
        BadInput: names the place of what is no message.
    """
    if not isinstance(given, (str, Iterable, *TYPES)):
        raise BadInput("message 0", f"a {type(given).__name__}", FORM)
    many = cast(Iterable[Any], [given] if isinstance(given, (str, Mapping, *TYPES)) else given)
    found: list[Record] = []
    for place, one in enumerate(many):
        if isinstance(one, TYPES):
            found.append(one)
        elif text := _content(one, f"message {place}").strip():
            found.append(replace(_turn(one, text, user, session, now), id=_id(key, place)))
    return found


def _id(key: str | None, place: int) -> str:
    if key is None:
        return secrets.token_hex(8)
    return hashlib.sha256(f"{key}\0{place}".encode(errors="surrogatepass")).hexdigest()[:16]


def _turn(one: str | Mapping[str, Any], text: str, user: str, session: str, now: float) -> Turn:
    message: Mapping[str, Any] = {"role": "user"} if isinstance(one, str) else one
    role = cast(Any, ALIKE.get(message["role"], message["role"]))
    name = str(message.get("name") or user) if role == "user" else user
    time = now if message.get("time") is None else seconds(message["time"])
    speaker = role if name == user else f"{name} (name)" if name in ROLES else name  # "user" stands for himself alone
    return Turn(id="", text=text, role=role, session=session, time=time, asserted_by=speaker)


def _content(one: object, where: str) -> str:
    """The text of a message: plain, or the text parts of a list."""
    if isinstance(one, str):
        return one
    if not isinstance(one, Mapping) or one.get("role") not in (*ROLES, *ALIKE):
        what = f"no role {one.get('role')!r}" if isinstance(one, Mapping) else f"a {type(one).__name__}"
        raise BadInput(where, what, FORM)
    content = one.get("content")
    parts = content if isinstance(content, list) else [{"type": "text", "text": content or ""}]
    return "\n".join(_parts(parts, where))


def _parts(parts: list[Any], where: str) -> Iterator[str]:
    for part in parts:
        if not isinstance(part, Mapping) or not isinstance(part.get("text", ""), str):
            raise BadInput(where, "its content is neither a text nor a list of parts", FORM)
        if part.get("type") == "text":
            yield part["text"]
