"""`/v1/users/{id}/answers`: what he was answered, and why it came out as it did."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Query, Request

from idiolect.applications.server.answering import explain
from idiolect.applications.server.errors import missing
from idiolect.applications.server.routes.memories import Reached

router = APIRouter(prefix="/v1", tags=["answers"])


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
    found = stored(who, answer)
    shown: dict[str, Any] = explain.explained(who.service, who.space, who.handle, found, measure=importance)
    return shown


def stored(who: Reached, answer: str) -> dict[str, Any]:
    """One of his answers.

    Raises:
        Refusal: 404, he has none of that id.
    """
    with who.service.notebook(who.space).of(who.handle.id) as notes:
        found = notes.answer(answer) if notes else None
        if notes is None or found is None:
            raise missing("there is no such answer")
        return explain.sound(notes, found, frozenset(who.records))
