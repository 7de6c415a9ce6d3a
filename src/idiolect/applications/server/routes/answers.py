"""`/v1/users/{id}/answers` and `/v1/feedback`: why an answer came out as it did, and what the user says to it."""

from __future__ import annotations

import secrets
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from idiolect.applications.server.answering import explain
from idiolect.applications.server.errors import Refusal, missing
from idiolect.applications.server.routes.credentials import speaker_of
from idiolect.applications.server.routes.memories import Reached
from idiolect.core.types import Interaction, Preference, Record, Turn

router = APIRouter(prefix="/v1", tags=["answers"])


class Feedback(BaseModel):
    """What a user says to an answer, in one or several of these ways."""

    model_config = ConfigDict(extra="allow")  # the field that names the user is the key's
    answer_id: str | None = None
    prompt: str | None = None
    rating: int | None = Field(default=None, ge=-1, le=1)
    edited: str | None = Field(default=None, min_length=1)
    chosen: str | None = Field(default=None, min_length=1)
    rejected: str | None = Field(default=None, min_length=1)
    correction: str | None = Field(default=None, min_length=1)


@router.get("/users/{id}/answers")
def answers(request: Request, id: str, limit: int = Query(50, ge=1, le=1000)) -> dict[str, Any]:
    """Stored answers, newest first."""
    who = Reached(request, id, "memory:read")
    with who.service.notebook(who.space).of(who.handle.id) as notes:
        ids = frozenset(who.records)
        found = [explain.sound(notes, a, ids) for a in notes.answers(limit)] if notes else []
    return {"results": [explain.listed(a) for a in found]}


@router.get("/users/{id}/answers/{answer}/explain")
def why(request: Request, id: str, answer: str, importance: bool = True) -> dict[str, Any]:
    """Which records and methods an answer rests on, and how much each record mattered."""
    who = Reached(request, id, "memory:read")
    found = _stored(who, answer)
    shown: dict[str, Any] = explain.explained(who.service, who.space, who.handle, found, measure=importance)
    return shown


@router.post("/feedback")
def feedback(request: Request, body: Feedback) -> dict[str, Any]:
    """Becomes records, which the next answers are made of."""
    user = speaker_of(request).names(body.model_dump())
    if user is None:
        raise Refusal(400, "feedback is somebody's: name the user", param="user")
    who = Reached(request, quote(user, safe=""), "memory:write")
    found = _stored(who, body.answer_id) if body.answer_id else {}
    if body.answer_id and "messages" not in found:
        raise Refusal(409, "the words of this answer were erased", param="answer_id")
    records = _records(body, explain.question(found) if found else body.prompt, found.get("text"), who.service.clock())
    added = who.handle.add(records)["results"]
    return {"records": [{name: one[name] for name in ("id", "memory", "kind")} for one in added]}


def _records(said: Feedback, prompt: str | None, answer: str | None, now: float) -> list[Record]:
    """Raises:
    Refusal: 400, it says nothing, or not about which question or answer.
    """
    found: list[Record] = []
    if said.correction is not None:
        found.append(Turn(id=secrets.token_hex(8), text=said.correction, time=now))
    about = {"rating": said.rating, "edited": said.edited, "chosen": said.chosen or said.rejected}
    for name, value in about.items():
        if value is not None and not prompt:
            raise Refusal(400, f"{name} needs the answer_id or the prompt that it is about", param=name)
    if said.edited is not None:
        if not answer:
            raise Refusal(400, "edited needs the answer_id that it is about", param="answer_id")
        found.append(_choice(prompt, said.edited, answer, now))
    if said.chosen is not None or said.rejected is not None:
        chosen, rejected = said.chosen or answer, said.rejected or answer
        if not chosen or not rejected or chosen == rejected:
            raise Refusal(400, "give both chosen and rejected, or one of them and an answer_id", param="chosen")
        found.append(_choice(prompt, chosen, rejected, now))
    if said.rating is not None:
        shown = f"{prompt} -> {answer}" if answer else f"{prompt}"
        rated = Interaction(id=secrets.token_hex(8), task="rating", prompt=shown, text=f"{said.rating:+d}", time=now)
        found.append(rated)
    if not found:
        raise Refusal(400, "give a rating, edited, chosen with rejected, or a correction", param="rating")
    return found


def _choice(prompt: str | None, chosen: str, rejected: str, now: float) -> Preference:
    return Preference(id=secrets.token_hex(8), prompt=prompt or "", chosen=chosen, rejected=rejected, time=now)


def _stored(who: Reached, answer: str) -> dict[str, Any]:
    with who.service.notebook(who.space).of(who.handle.id) as notes:
        found = notes.answer(answer) if notes else None
        if notes is None or found is None:
            raise missing("there is no such answer")
        return explain.sound(notes, found, frozenset(who.records))
