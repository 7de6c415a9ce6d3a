"""`/v1/feedback`, `/v1/users/{id}/question`, `.../adapters`: what a user says to answers, and what it teaches."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request

from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.applications.server.answering import dialogue, explain
from idiolect.applications.server.errors import Refusal, missing
from idiolect.applications.server.feedback import question
from idiolect.applications.server.feedback.learnt import WEIGHTS
from idiolect.applications.server.feedback.question import Wanted
from idiolect.applications.server.feedback.said import Feedback, records
from idiolect.applications.server.routes.answers import stored
from idiolect.applications.server.routes.credentials import speaker_of
from idiolect.applications.server.routes.memories import Reached
from idiolect.core.types import Query

router = APIRouter(prefix="/v1", tags=["feedback"])
RECENT = 20  # answers that are looked through for a question of his


@router.post("/feedback")
def feedback(request: Request, body: Feedback) -> dict[str, Any]:
    """Becomes records, which the next answers are made of at once; what they teach is learnt behind this."""
    user = speaker_of(request).names(body.model_dump())
    if user is None:
        raise Refusal(400, "feedback is somebody's: name the user", param="user")
    who = Reached(request, quote(user, safe=""), "memory:write")
    found = stored(who, body.answer_id) if body.answer_id else {}
    if body.answer_id and "messages" not in found:
        raise Refusal(409, "the words of this answer were erased", param="answer_id")
    prompt = explain.question(found) if found else body.prompt
    added = who.handle.add(records(body, prompt, found.get("text"), who.service.clock()))["results"]
    if added:
        who.service.teacher.told(who.space, who.handle.id)
    return {"records": [{name: one[name] for name in ("id", "memory", "kind")} for one in added]}


@router.post("/users/{id}/question")
async def ask(request: Request, id: str, body: Wanted) -> dict[str, Any]:
    """The two answers between which his choice would tell most; send it to `/v1/feedback` as chosen and rejected."""
    who = await asyncio.to_thread(Reached, request, id, "memory:read")
    method = who.service.learning.get(WEIGHTS)
    if not isinstance(method, PReF):
        raise missing("no weights are learnt here: [feedback] weights is off")
    prompt = body.prompt or await asyncio.to_thread(_last, who)
    query = dialogue.query([{"role": "user", "content": prompt}], who.service.clock())
    texts = body.candidates or await _drawn(who, query, body.model)
    own = await asyncio.to_thread(who.service.kept.own, who.space, who.handle.id, WEIGHTS)
    found = question.chosen(method, own, query, texts)
    if found is None:
        raise Refusal(409, "all answers to this are alike: ask about another prompt", code="nothing_to_ask")
    return {**found, "answered": len(own.sources) if own else 0}


@router.get("/users/{id}/adapters")
def adapters(request: Request, id: str) -> dict[str, Any]:
    """What methods learnt of him: name, bytes at rest, and from how many of his records."""
    who = Reached(request, id, "memory:read")
    kept, found = who.service.kept, []
    for name, size in kept.names(who.space, who.handle.id).items():
        own = kept.own(who.space, who.handle.id, name)
        sources = len(own.sources) if hasattr(own, "sources") else None
        found.append({"name": name, "bytes": size, "records": sources, "served": own is not None})
    return {"adapters": found}


@router.delete("/users/{id}/adapters/{name}")
def delete(request: Request, id: str, name: str) -> dict[str, Any]:
    """Removes one; what he said stays, and with more of it the next may be learnt."""
    who = Reached(request, id, "memory:write")
    if name not in who.service.kept.names(who.space, who.handle.id):
        raise missing("there is no such adapter")
    who.service.kept.delete(who.space, who.handle.id, name)
    return {"deleted": True, "name": name}


def _last(who: Reached) -> str:
    """What he asked last, of what is kept.

    Raises:
        Refusal: 400, nothing is.
    """
    with who.service.notebook(who.space).of(who.handle.id) as notes:
        answers = notes.answers(RECENT) if notes else []
    asked = [q for q in map(explain.question, answers) if q]
    if not asked:
        raise Refusal(400, "he has asked nothing yet: give a prompt", param="prompt")
    return asked[0]


async def _drawn(who: Reached, query: Query, model: str | None) -> list[str]:
    """Different answers to choose between.

    Raises:
        Refusal: 400, an upstream has several models and none is named.
    """
    service = who.service
    if service.local is not None:
        return await question.drawn_here(service.local, query, service.tokens, f"{who.space}\0{who.handle.id}")
    assert service.upstream is not None
    if model is None:
        raise Refusal(400, "name the model whose answers he should choose between", param="model")
    name, _ = service.named(model)
    return await question.drawn_there(service.upstream, query, name, service.tokens)
