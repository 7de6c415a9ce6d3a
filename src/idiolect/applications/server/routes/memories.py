"""`/v1/users/{id}/memories`: what is kept of a user, seen, corrected, pinned, erased."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from idiolect.applications.server.errors import Refusal, missing
from idiolect.applications.server.routes.credentials import service_of, speaker_of
from idiolect.applications.server.service import Service
from idiolect.applications.server.speakers.identity import Speaker
from idiolect.core.types import Record
from idiolect.memory.results import iso
from idiolect.memory.user import User

router = APIRouter(prefix="/v1/users/{id}/memories", tags=["memories"])
OPEN = {"time": None, "valid_from": None, "valid_to": None, "asserted_by": None}


class Added(BaseModel):
    """What is to be kept: a text, or messages as in the chat."""

    model_config = ConfigDict(extra="forbid")
    text: str | None = None
    messages: list[dict[str, Any]] | None = None
    metadata: dict[str, Any] | None = None
    session: str = ""
    expires: str | float | None = None


class Change(BaseModel):
    """A correction (with or without keeping the old text), or a pin."""

    model_config = ConfigDict(extra="forbid")
    text: str | None = Field(default=None, min_length=1)
    keep_old: bool = True
    pinned: bool | None = None


class Reached:
    """The user of a path (still quoted, see `guard.segments`), and what of him a route needs."""

    def __init__(self, request: Request, id: str, scope: str) -> None:
        self.service: Service = service_of(request)
        self.speaker: Speaker = speaker_of(request)
        self.speaker.needs(scope)
        self.handle: User = self.service.known(self.speaker, unquote(id))
        self.space = self.speaker.space

    @property
    def records(self) -> dict[str, Record]:
        """His records by id."""
        return {r.id: r for r in self.service.held(self.space).records(self.handle.id)}

    @property
    def pins(self) -> frozenset[str]:
        """The ids that he pinned."""
        with self.service.notebook(self.space).of(self.handle.id) as notes:
            return notes.pins() if notes else frozenset()

    def erased(self, *ids: str) -> None:
        """Records went: what rests on them goes."""
        with self.service.notebook(self.space).of(self.handle.id) as notes:
            for id in ids:
                if notes is not None:
                    notes.erased(id)
        self.service.swept()
        self.changed()

    def changed(self) -> None:
        """Something of him is otherwise than before: what was made of it is made anew."""
        self.service.pipeline.forget(self.space, self.handle.id)
        self.service.teacher.told(self.space, self.handle.id)

    def shown(self, entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Memories as the page sees them."""
        records, pins = self.records, self.pins
        return [{**e, **_times(records.get(e["id"])), "pinned": e["id"] in pins} for e in entries]

    def one(self, memory: str) -> dict[str, Any]:
        """A memory with its history.

        Raises:
            Refusal: 404, he has none of that id.
        """
        found = self.handle.get(memory)
        if found is None:
            raise missing("there is no such memory")
        return {**self.shown([found])[0], "history": self.handle.history(memory)}


@router.get("")
def memories(
    request: Request,
    id: str,
    query: str | None = None,
    limit: int = Query(100, ge=1, le=1000),
    as_of: str | None = None,
    kind: str | None = None,
) -> dict[str, Any]:
    """What holds, newest first; with a query what bears on it, best first."""
    who = Reached(request, id, "memory:read")
    filters = {"kind": kind} if kind else None
    if query:
        found = who.handle.search(query, limit, filters, as_of)["results"]
        return {"results": who.shown(found), "total": len(found)}
    held = who.handle.get_all(filters, as_of=as_of)["results"][::-1]
    return {"results": who.shown(held[:limit]), "total": len(held)}


@router.post("")
def add(request: Request, id: str, body: Added) -> dict[str, Any]:
    """Keeps something; nothing where the user does not want to be remembered."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("memory:write")
    handle = service.person(speaker, speaker.reaches(unquote(id)))
    if handle is None:
        raise missing("there is no such user")
    if (body.text is None) == (body.messages is None):
        raise Refusal(400, "give either text or messages", param="text")
    given: Any = body.text if body.messages is None else body.messages
    return handle.add(given, metadata=body.metadata, session=body.session, expires=body.expires)


@router.get("/{memory}")
def memory(request: Request, id: str, memory: str) -> dict[str, Any]:
    """One memory with its history."""
    return Reached(request, id, "memory:read").one(memory)


@router.patch("/{memory}")
def change(request: Request, id: str, memory: str, body: Change) -> dict[str, Any]:
    """Corrects a memory, or pins it: what is pinned is always shown to the model."""
    who = Reached(request, id, "memory:write")
    who.one(memory)
    if body.text is not None:
        who.handle.update(memory, body.text, erase_old=not body.keep_old)
        if not body.keep_old:
            who.erased(memory)
    if body.pinned is not None:
        with who.service.notebook(who.space).of(who.handle.id) as notes:
            if notes is not None:
                notes.pin(memory, body.pinned)
    return who.one(memory)


@router.delete("/{memory}")
def delete(request: Request, id: str, memory: str) -> dict[str, Any]:
    """Erases a memory, with its history and the explanations that rest on it."""
    who = Reached(request, id, "memory:write")
    who.one(memory)
    who.handle.delete(memory)
    who.erased(memory)
    return {"deleted": True, "id": memory}


def _times(record: Record | None) -> dict[str, Any]:
    if record is None:
        return dict(OPEN)
    bounds = {"valid_from": record.valid_from, "valid_to": record.valid_to}
    shown = {name: None if t is None else iso(t) for name, t in bounds.items()}
    return {"time": iso(record.time), **shown, "asserted_by": record.asserted_by}
