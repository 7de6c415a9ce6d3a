"""Why an answer came out as it did: how much less likely it becomes without each record that was shown.

importance(r) = log p(y | q, C) - log p(y | q, C without r)        in nats, under the methods that wrote y
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from idiolect.applications.server.answering import dialogue
from idiolect.applications.server.answering.local import Threaded
from idiolect.applications.server.answering.notes import Notes
from idiolect.applications.server.answering.pipeline import Wanted
from idiolect.applications.server.answering.serving import Serving
from idiolect.core.requests import Item, Key, Score
from idiolect.core.types import Record, UserData
from idiolect.governance.view import view
from idiolect.memory.results import iso, kind, memory
from idiolect.memory.user import User

MEASURED = 32  # sources that are left out one by one, those of the highest weight


def sound(notes: Notes, answer: dict[str, Any], ids: frozenset[str]) -> dict[str, Any]:
    """The answer, without its words where a record that it rests on is gone.

    Args:
        ids: of all that is kept of him.
    """
    gone = [record for record in notes.resting(answer["answer_id"]) if record not in ids]
    if not gone:
        return answer
    for record in gone:
        notes.erased(record)
    return notes.answer(answer["answer_id"]) or answer


def listed(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as one of a list."""
    head = {"answer_id": answer["answer_id"], "created_at": iso(answer["created"]), "model": answer.get("model")}
    return {
        **head,
        "pipeline": answer.get("pipeline"),
        "methods": answer.get("methods", []),
        "question": question(answer),
        "answer": answer.get("text"),
        "sources": len(answer.get("sources", ())),
    }


def question(answer: Mapping[str, Any]) -> str | None:
    """What the user had asked; None once it was erased."""
    if "messages" not in answer:
        return None
    return next((m["content"] for m in reversed(answer["messages"]) if m["role"] == "user"), "")


def explained(service: Serving, space: str, handle: User, answer: Mapping[str, Any], *, measure: bool) -> Any:
    """The sources of a stored answer, most important first.

    Args:
        measure: leave out one source after another, where the model gives log-probabilities.
    """
    whole = "messages" in answer
    weights = {s["id"]: s["weight"] for s in answer.get("sources", ())}
    data = view(service.space(space).store, handle.id)
    records = tuple(r for r in data.records if r.id in weights)
    measured = measure and whole and service.local is not None and bool(records)
    nats = _importance(service, space, replace(data, records=records), answer) if measured else {}
    sources = [
        {"id": r.id, "text": memory(r), "kind": kind(r), "weight": weights[r.id], "importance": nats.get(r.id)}
        for r in records
    ]
    sources.sort(key=lambda s: (-(nats.get(s["id"], float("-inf"))), -s["weight"]))
    basis = "mattered" if nats else "used"
    return {**listed(answer), "basis": basis, "explained": whole, "sources": sources if whole else []}


def _importance(service: Serving, space: str, data: UserData, answer: Mapping[str, Any]) -> dict[str, float]:
    """By record, in nats."""
    assert service.local is not None
    weights = {s["id"]: s["weight"] for s in answer["sources"]}
    left_out = sorted(data.records, key=lambda r: -weights[r.id])[:MEASURED]
    given = [data.records, *(tuple(r for r in data.records if r is not one) for one in left_out)]
    items = tuple(_item(service, data, records, answer) for records in given)
    (scored,) = Threaded(service.local).answer([Score(items=items)], [Key(method="explain")])
    whole, *without = [s.total for s in scored]
    return {r.id: round(whole - total, 4) for r, total in zip(left_out, without, strict=True)}


def _item(service: Serving, data: UserData, records: Sequence[Record], answer: Mapping[str, Any]) -> Item:
    """The answer as the methods condition it on some of the records; nothing of this is remembered."""
    query = dialogue.query(answer["messages"], answer["created"])
    pinned = frozenset(r.id for r in records if r.id in answer["pinned"])
    wanted = Wanted(methods=answer["pipeline"], strength=answer["strength"], budget=answer["budget"], pinned=pinned)
    shown = service.pipeline.shown("", replace(data, records=tuple(records)), query, wanted)
    return Item(query=query, answer=answer["text"], idiolect=shown.idiolect)
