"""What mem0's `get_all` returns: ``{"results": [{"id", "memory", "user_id", "metadata", ...}], "relations": [...]}``.

A memory is a fact that mem0 stated of the user; of his graph, what starts from him is a relation of his. Older versions
give the list alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Record, Relation
from idiolect.data.dataset import Dataset, timeless
from idiolect.data.readers.messages import ALONE
from idiolect.data.readers.text import document, ident, instant, mapping, text

NOTED = ("categories", "agent_id", "run_id")  # what is kept beside the application's own metadata
FORM = "Write down what get_all(...) returned, with json.dump."


def recognises(raw: object) -> bool:
    """Whether a JSON value has this form."""
    listed = raw.get("results") if isinstance(raw, dict) else raw
    return isinstance(listed, list) and bool(listed) and isinstance(listed[0], dict) and "memory" in listed[0]


def read(path: str | Path) -> Dataset:
    """Everybody's memories.

    Raises:
        BadInput: names the memory or relation that cannot be read.
    """
    path = Path(path)
    raw = document(path)
    whole = raw if isinstance(raw, dict) else {"results": raw}
    if not isinstance(whole.get("results"), list):
        raise BadInput(path, "no list of results", FORM)
    people: dict[str, list[Record]] = {}
    notes: dict[tuple[str, str], dict[str, Any]] = {}
    for place, one in enumerate(whole["results"]):
        where = f"{path}, result {place}"
        entry = mapping(one, where, "id", "memory")
        user = text(entry.get("user_id") or ALONE, where)
        record = _fact(entry, where)
        people.setdefault(user, []).append(record)
        noted = mapping(entry.get("metadata") or {}, where) | {k: entry[k] for k in NOTED if entry.get(k)}
        if noted:
            notes[user, record.id] = noted
    alone = next(iter(people)) if len(people) == 1 else ALONE
    for place, one in enumerate(whole.get("relations") or []):
        where = f"{path}, relation {place}"
        entry = mapping(one, where, "source", "relationship")
        user = text(entry.get("user_id") or alone, where)
        people.setdefault(user, []).append(_relation(entry, user, where))
    ordered = {user: tuple(sorted(records, key=lambda r: r.time)) for user, records in people.items()}
    return Dataset(name="mem0", people=ordered, notes=notes, undated=timeless(ordered))


def _fact(entry: dict[str, Any], where: str) -> Attribute:
    when = instant(entry.get("updated_at") or entry.get("created_at"), where)
    value = text(entry["memory"], where)
    return Attribute(id=text(entry["id"], where), name="note", value=value, time=when, asserted_by="mem0")


def _relation(entry: dict[str, Any], user: str, where: str) -> Relation:
    source, how = text(entry["source"], where), text(entry["relationship"], where)
    target = text(entry.get("target", entry.get("destination")), where)
    mine = source.casefold() in (user.casefold(), "user", "me", "i", user.casefold().replace(" ", "_"))
    name = how if mine else f"{source} {how}"
    return Relation(id=ident("mem0", name, target), name=name.replace("_", " "), value=target, asserted_by="mem0")
