"""Why an answer came out as it did: how much less likely it becomes without each record that was shown.

importance(r) = log p(y | q, C) - log p(y | q, C without r)        in nats, under the methods that wrote y

The local engine scores y itself. An upstream is asked where it gives log-probabilities of prompts: y is then the end of
the prompt, and as many of its last tokens count as y adds to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from anyio import from_thread

from idiolect.applications.server.answering import dialogue, writers
from idiolect.applications.server.answering.local import Threaded
from idiolect.applications.server.answering.notes import Notes
from idiolect.applications.server.answering.pipeline import Wanted
from idiolect.applications.server.answering.serving import Serving
from idiolect.applications.server.errors import Refusal
from idiolect.core.errors import ConsentError
from idiolect.core.layout import section
from idiolect.core.requests import Item, Key, Score
from idiolect.core.types import Record, UserData
from idiolect.governance.view import view
from idiolect.memory.results import iso, kind, memory
from idiolect.memory.user import User

MEASURED = 32  # sources that are left out one by one, those of the highest weight
PROBING = {"max_tokens": 1, "temperature": 0, "prompt_logprobs": 1}  # as vLLM takes them
GOING_ON = {"continue_final_message": True, "add_generation_prompt": False}


def sound(notes: Notes, answer: dict[str, Any], ids: frozenset[str]) -> dict[str, Any]:
    """The answer, without its words where a record that it rests on is gone.

    Args:
        ids: of all that is kept of him.
    """
    for record in notes.resting(answer["answer_id"]):
        if record not in ids:
            notes.erased(record)
    # Read again in any case: another thread may have taken the words out since, and with them what they rested on.
    return notes.answer(answer["answer_id"]) or {name: answer[name] for name in ("answer_id", "created")}


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
    """The sources of a stored answer, most important first. Called by routes in their threads.

    Args:
        measure: leave out one source after another, where the model gives log-probabilities.
    """
    whole = "messages" in answer
    weights = {s["id"]: s["weight"] for s in answer.get("sources", ())}
    data = view(service.space(space).store, handle.id)
    records = tuple(r for r in data.records if r.id in weights)
    measured = measure and whole and records and _measurable(service, space, handle, answer, records)
    nats = _importance(service, space, replace(data, records=records), answer) if measured else {}
    sources = [
        {"id": r.id, "text": memory(r), "kind": kind(r), "weight": weights[r.id], "importance": nats.get(r.id)}
        for r in records
    ]
    sources.sort(key=lambda s: (-(nats.get(s["id"], float("-inf"))), -s["weight"]))
    basis = "mattered" if nats else "used"
    return {**listed(answer), "basis": basis, "explained": whole, "sources": sources if whole else []}


def _measurable(
    service: Serving, space: str, handle: User, answer: Mapping[str, Any], records: Sequence[Record]
) -> bool:
    """Whether the model that wrote an answer can be asked again how likely it was. An upstream can where it is said
    to take `prompt_logprobs`, where no adapter had a part, and where it may still see all that was shown to it."""
    if service.local is not None:
        return True
    if not service.settings.upstream.prompt_logprobs or service.pipeline.served & set(answer["methods"]):
        return False
    held = service.held(space)
    try:
        seen = view(held, handle.id, destination=held.destination)
    except ConsentError:
        return False
    return bool(answer["text"]) and {r.id for r in records} <= {r.id for r in seen.records}


def _importance(service: Serving, space: str, data: UserData, answer: Mapping[str, Any]) -> dict[str, float]:
    """By record, in nats; nothing where an upstream cannot tell."""
    weights = {s["id"]: s["weight"] for s in answer["sources"]}
    left_out = sorted(data.records, key=lambda r: -weights[r.id])[:MEASURED]
    given = [data.records, *(tuple(r for r in data.records if r is not one) for one in left_out)]
    items = tuple(_item(service, data, records, answer) for records in given)
    if service.local is not None:
        (scored,) = Threaded(service.local).answer([Score(items=items)], [Key(method="explain")])
        totals = [s.total for s in scored]
    else:
        salt = service.own_salt(space, data.user_id)
        try:
            totals = from_thread.run(_told, service, answer, [_asked(item, answer, salt) for item in items])
        except Refusal:
            return {}
    whole, *without = totals
    return {r.id: round(whole - total, 4) for r, total in zip(left_out, without, strict=True)}


def _item(service: Serving, data: UserData, records: Sequence[Record], answer: Mapping[str, Any]) -> Item:
    query = dialogue.query(answer["messages"], answer["created"])
    pinned = frozenset(r.id for r in records if r.id in answer["pinned"])
    wanted = Wanted(methods=answer["pipeline"], strength=answer["strength"], budget=answer["budget"], pinned=pinned)
    shown = service.pipeline.shown("", replace(data, records=tuple(records)), query, wanted)
    return Item(query=query, answer=answer["text"], idiolect=shown.idiolect)


def _asked(item: Item, answer: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """What an upstream is sent, of whose prompt the answer is the end."""
    notes = "\n".join(section(b.heading, b.lines) for b in item.idiolect.streams[0].context)
    messages = [*writers.noted(list(answer["messages"]), notes), {"role": "assistant", "content": answer["text"]}]
    body = {"model": answer["model"], "messages": messages, **PROBING, **GOING_ON}
    return {**body, **({writers.SALT: salt} if salt else {})}


async def _told(service: Serving, answer: Mapping[str, Any], bodies: Sequence[dict[str, Any]]) -> list[float]:
    """log p of the answer at the end of each prompt.

    Raises:
        Refusal: the upstream fails, or does not tell.
    """
    assert service.upstream is not None
    before = {**bodies[0], "messages": bodies[0]["messages"][:-1], **{name: not on for name, on in GOING_ON.items()}}
    asked = [await service.upstream.post(writers.PATH, body) for body in (before, *bodies)]
    try:
        opened, whole = (one["usage"]["prompt_tokens"] for one in asked[:2])
        if whole <= opened:
            raise ValueError(whole)
        return [_total(one["prompt_logprobs"], whole - opened) for one in asked[1:]]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise Refusal(502, "the upstream tells no log-probabilities of prompts") from None


def _total(places: Sequence[Mapping[str, Any]], last: int) -> float:
    """Of so many tokens at the end. The likeliest is named at each place beside that which stands there."""
    return sum(min(float(one["logprob"]) for one in place.values()) for place in places[-last:])
