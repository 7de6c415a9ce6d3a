"""`/v1/users/{id}/facts`: what a user stated of himself, since when each thing holds, what was superseded and why."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from idiolect.applications.server.errors import missing
from idiolect.applications.server.routes.memories import Reached

router = APIRouter(prefix="/v1/users/{id}/facts", tags=["memories"])


@router.get("")
def facts(request: Request, id: str, as_of: str | None = None, history: bool = False) -> dict[str, Any]:
    """What holds, oldest first; with `history` also what was superseded, and the reason."""
    who = Reached(request, id, "memory:read")
    return {"results": who.handle.facts(as_of=as_of, history=history)}


@router.post("/{fact}/reinstate")
def reinstate(request: Request, id: str, fact: int) -> dict[str, Any]:
    """Takes back that a fact was superseded: it holds again, and what took its place does not."""
    who = Reached(request, id, "memory:write")
    if not any(one["id"] == fact for one in who.handle.facts(history=True)):
        raise missing("there is no such fact")
    who.handle.reinstate(fact)
    who.changed()
    return next(one for one in who.handle.facts(history=True) if one["id"] == fact)
