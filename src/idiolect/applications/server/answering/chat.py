"""One request for an answer: who asks, what is new, what is shown of him, who writes, what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from idiolect.applications.server.answering import dialogue, fields
from idiolect.applications.server.answering.dialogue import Said
from idiolect.applications.server.answering.exchange import Exchange
from idiolect.applications.server.answering.pipeline import Shown, Wanted
from idiolect.applications.server.answering.serving import Serving
from idiolect.applications.server.speakers.identity import Speaker
from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Turn
from idiolect.data.store import named
from idiolect.governance.view import view
from idiolect.memory.user import User

MARGIN = 64  # tokens of marks and headings around what is shown


def prepared(service: Serving, speaker: Speaker, body: Mapping[str, Any], *, memory: bool = True) -> Exchange:
    """Everything before the model: blocks on disk, so run it in a thread.

    Args:
        memory: False for a temporary chat, which neither reads nor writes.

    Raises:
        Refusal: what is wrong with the request.
    """
    speaker.needs("chat")
    messages = dialogue.checked(body.get("messages"))
    name, spec = service.named(body.get("model"))
    exchange = Exchange(
        body=body,
        model=str(body["model"]),
        name=name,
        speaker=speaker,
        messages=messages,
        query=dialogue.query(messages, service.clock()),
        wanted=wanted(service, speaker, fields.extension(body), spec),
        conversation=fields.conversation(body),
    )
    if service.local is not None:
        fields.sampled(body, service.tokens)  # before anything is kept
    exchange.named = speaker.names(body)
    if memory and exchange.named:
        with service.space(speaker.space).store.unit(named(exchange.named)):  # asked once for all that follows
            _personal(service, exchange, service.person(speaker, exchange.named))
    return exchange


def wanted(service: Serving, speaker: Speaker, asked: fields.Extension, spec: str | None) -> Wanted:
    """The request's own wish, then the model's name, the key's, the settings'; no request raises the budget.

    Raises:
        Refusal: 400, an unknown method.
    """
    usual = service.settings.pipeline
    methods = asked.pipeline if asked.pipeline is not None else (spec or speaker.pipeline or usual.methods)
    strength = usual.strength if speaker.strength is None else speaker.strength
    budget = usual.budget if speaker.budget is None else speaker.budget
    return Wanted(
        methods=service.pipeline.checked(methods),
        strength=strength if asked.strength is None else asked.strength,
        budget=budget if asked.budget is None else min(asked.budget, budget),
        context=asked.context,
        also=asked.pipeline is None and spec is None,
    )


def _personal(service: Serving, exchange: Exchange, handle: User | None) -> None:
    """Reads what may be shown of him, then keeps what he said that is new."""
    scopes = exchange.speaker.scopes
    if handle is None or not {"memory:read", "memory:write"} & set(scopes):
        return
    exchange.user = handle.id
    exchange.writes = "memory:write" in scopes and handle.remembered
    with service.notebook(exchange.speaker.space).of(handle.id, make=exchange.writes) as notes:
        if notes is None:
            return
        exchange.said = dialogue.turns(exchange.messages, notes.salt, exchange.conversation)
        marks = [mark for one in exchange.said for mark in (one.mark, one.pair) if mark]
        known, pinned = notes.before(marks)
        if "memory:read" in scopes:
            _show(service, exchange, handle, pinned)
        if exchange.writes:  # and notes what was seen
            exchange.remembered = _keep(handle, dialogue.fresh(exchange.said, known), exchange, service.clock())
            if set(marks) - known:
                notes.see(marks)


def _keep(handle: User, new: Sequence[Said], exchange: Exchange, now: float) -> int:
    """What is new of his words, as turns; a twin request may have been faster."""
    session = exchange.conversation or (exchange.said[0].record[:16] if exchange.said else "")
    count = 0
    for one in new:
        with suppress(BadInput):
            count += len(handle.add(Turn(id=one.record, text=one.text, session=session, time=now))["results"])
    return count


def _show(service: Serving, exchange: Exchange, handle: User, pinned: frozenset[str]) -> None:
    """The pipeline over his records, without those that stand in the dialogue anyway or state what is over."""
    store = service.held(exchange.speaker.space)
    try:
        data = view(store, handle.id, destination=store.destination, context=exchange.wanted.context)
    except ConsentError as error:
        refused = ({"method": exchange.wanted.methods, "why": str(error)},)
        exchange.shown = Shown(pipeline=exchange.wanted.methods, degraded=refused)
        return
    there = {one.record for one in exchange.said} | handle.over(exchange.query.text)
    telling = store.telling(handle.id, data.records)
    exchange.data = replace(data, records=telling.bearing(there, exchange.query.text, service.clock()))
    budget = min(exchange.wanted.budget, _room(service, exchange))
    exchange.wanted = replace(exchange.wanted, budget=budget, pinned=pinned)
    exchange.shown = service.pipeline.shown(exchange.speaker.space, exchange.data, exchange.query, exchange.wanted)


def _room(service: Serving, exchange: Exchange) -> int:
    """Tokens that the local model leaves beside the application's own messages and the answer.

    Raises:
        BadInput: they alone are too long.
    """
    if service.local is None:
        return exchange.wanted.budget
    from idiolect.core.idiolect import Stream
    from idiolect.forward.feed import room
    from idiolect.forward.prompt import prompt_ids

    model, most = service.local.model, fields.sampled(exchange.body, service.tokens)
    whole = room(model, Stream(), most.sampling.max_tokens)
    if whole is None:
        return exchange.wanted.budget
    return max(whole - len(prompt_ids(model.tokenizer, exchange.query, Stream(), whole)) - MARGIN, 0)


def kept(service: Serving, exchange: Exchange, text: str) -> None:
    """Notes an answer that was given, with what it rests on; blocks on disk."""
    if not exchange.user or not exchange.writes:
        return
    with service.notebook(exchange.speaker.space).of(exchange.user) as notes:
        if notes is None:  # erased meanwhile
            return
        shown = exchange.shown
        body = {
            "model": exchange.name,
            "pipeline": shown.pipeline,
            "methods": list(exchange.methods),
            "strength": shown.strength,
            "budget": exchange.wanted.budget,
            "pinned": sorted(exchange.wanted.pinned & {s.id for s in shown.sources}),
            "messages": [dialogue.stored(m) for m in exchange.messages],
            "text": text,
            "calls": exchange.calls,
            "sources": [{"id": s.id, "weight": round(s.weight, 4)} for s in shown.sources],
        }
        records = {s.id for s in shown.sources} | shown.taught.records | {one.record for one in exchange.said}
        last = exchange.said[-1:]
        marks = [dialogue.pair(notes.salt, exchange.conversation, one.text, text) for one in last]
        exchange.answer_id = notes.answered(body, records, marks)
