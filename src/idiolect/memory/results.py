"""A row as the application sees it: the shape that mem0 made usual, with kind and sources."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn
from idiolect.data.sqlite.rows import Row
from idiolect.memory.filters import Instant


def memory(record: Record) -> str:
    """What a record says, as one text."""
    match record:
        case Attribute() | Relation():
            return f"{record.name}: {record.value}"
        case Turn():
            return record.text
        case Post() | Interaction():
            return f"{record.prompt} => {record.text}" if record.prompt else record.text
        case Preference() if record.prompt:
            return f"{record.prompt} => {record.chosen}"
        case Preference():
            return f"wants: {record.dimension}"


def saying(record: Record, text: str, now: float) -> Record:
    """The same record with another text, value or choice, as said now.

    Raises:
        BadInput: an empty text.
    """
    if not text.strip():
        raise BadInput(f"memory {record.id!r}", "an empty text", "Give what holds now, or delete it.")
    record = replace(record, time=now, valid_from=None if record.valid_from is None else now)
    match record:
        case Attribute() | Relation():
            return replace(record, value=text.removeprefix(f"{record.name}: "))
        case Turn() | Post() | Interaction():
            return replace(record, text=text)
        case Preference() if record.prompt:
            return replace(record, chosen=text)
        case Preference():
            return replace(record, dimension=text.removeprefix("wants: "))


def same(record: Record, other: Record) -> bool:
    """Whether both say the same, whenever they were said."""
    return replace(record, time=other.time, valid_from=other.valid_from) == other


def kind(record: Record) -> str:
    """ "fact" for what is stated of the user, else the record's own kind."""
    stated = isinstance(record, (Attribute, Relation)) or (isinstance(record, Preference) and not record.prompt)
    return "fact" if stated else record.kind


@dataclass(frozen=True, kw_only=True)
class Stated:
    """What records state, as one text, and the ids of all that do."""

    text: str
    sources: list[str]


def result(row: Row, stated: Stated | None = None, **more: Any) -> dict[str, Any]:
    """One entry of `results`; times are ISO, UTC.

    Args:
        stated: the facts as which it stands there, instead of itself.
    """
    record = row.record
    shown = {"id": record.id, "memory": memory(record), "kind": kind(record), "sources": [record.id]}
    if stated is not None:
        more |= {"memory": stated.text, "kind": "fact", "sources": stated.sources}
    if row.version > 1:
        more["updated_at"] = iso(record.time)
    if row.expires is not None:
        more["expires"] = iso(row.expires)
    return {**shown, "metadata": dict(row.metadata), "created_at": iso(row.created), **more}


def fields(row: Row) -> dict[str, Any]:
    """What filters may ask for: the application's metadata, and our own names, which win."""
    record = row.record
    own = {name: getattr(record, name) for name in ("role", "session", "task", "name") if hasattr(record, name)}
    own |= {"id": record.id, "kind": kind(record), "asserted_by": record.asserted_by}
    own["created_at"] = Instant(iso(row.created), row.created)
    if row.expires is not None:
        own["expires"] = Instant(iso(row.expires), row.expires)
    return {**row.metadata, **own}


def iso(seconds: float) -> str:
    """POSIX seconds as an ISO time, UTC; beyond the calendar, the number."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return str(seconds)
