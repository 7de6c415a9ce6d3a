"""`/v1/users/{id}/...`: profile, preferences, consents, audit trail, export, erasure."""

from __future__ import annotations

import json
import secrets
import shutil
import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.background import BackgroundTask

from idiolect.adaptation.alignment.decoding.pref import PReF
from idiolect.adaptation.alignment.dimensions import NAMES
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.feedback.dials import dials
from idiolect.applications.server.feedback.learnt import WEIGHTS
from idiolect.applications.server.routes.memories import Reached
from idiolect.core.errors import ConsentError
from idiolect.core.types import Preference, UserData
from idiolect.data.policy import CATEGORIES, KNOWN
from idiolect.governance.view import view
from idiolect.memory.results import iso

router = APIRouter(prefix="/v1/users/{id}", tags=["user"])
PURPOSES = tuple(name for name in KNOWN if name != "remember")
SUGGESTED = ("short answers", "formal answers", "warm words", "exact figures", "examples", "plain words")
STORED = 1000


class Dial(BaseModel):
    """A wish and how much it weighs; 0 takes it away."""

    model_config = ConfigDict(extra="forbid")
    dimension: str = Field(min_length=1, max_length=200)
    weight: float = Field(ge=-1, le=1)


class Dials(BaseModel):
    """The wishes that change."""

    model_config = ConfigDict(extra="forbid")
    preferences: list[Dial] = Field(max_length=100)


class Consents(BaseModel):
    """What he allows from now on, and whether anything is remembered; what is left out stays."""

    model_config = ConfigDict(extra="forbid")
    consents: list[str] | None = None
    remember: bool | None = None


@router.get("/profile")
def profile(request: Request, id: str) -> dict[str, Any]:
    """What is stated of him, the newest value first."""
    return Reached(request, id, "memory:read").handle.profile()


@router.get("/preferences")
def preferences(request: Request, id: str) -> dict[str, Any]:
    """His wishes as dials."""
    return _dials(Reached(request, id, "memory:read"))


@router.put("/preferences")
def change_preferences(request: Request, id: str, body: Dials) -> dict[str, Any]:
    """Sets the dials that are named."""
    who = Reached(request, id, "memory:write")
    there = _wishes(who)
    for dial in body.preferences:
        old = [w.id for w in there if w.dimension == dial.dimension]
        for wish in old:
            who.handle.delete(wish)
        who.erased(*old)
        if dial.weight:
            fresh = Preference(
                id=secrets.token_hex(8), dimension=dial.dimension, weight=dial.weight, time=who.service.clock()
            )
            who.handle.add(fresh)
    return _dials(who)


@router.get("/consents")
def consents(request: Request, id: str) -> dict[str, Any]:
    """What he allows."""
    return _consents(Reached(request, id, "memory:read"))


@router.put("/consents")
def change_consents(request: Request, id: str, body: Consents) -> dict[str, Any]:
    """Replaces what he allows; not to be remembered erases what was kept."""
    who = Reached(request, id, "memory:write")
    for purpose in body.consents or ():
        category, colon, context = purpose.partition(":")
        if purpose not in PURPOSES and not (colon and context and category in CATEGORIES):
            raise Refusal(400, f"no consent called {purpose!r}; known: {', '.join(PURPOSES)}", param="consents")
    if body.consents is not None:
        who.handle.consent(*body.consents)
    if body.remember is not None:
        who.handle.remember(body.remember)
        with who.service.notebook(who.space).of(who.handle.id) as notes:
            if notes is not None and not body.remember:
                notes.unlearn()
    who.service.pipeline.forget(who.space, who.handle.id)
    who.service.swept()
    return _consents(who)


@router.get("/audit")
def audit(request: Request, id: str) -> dict[str, Any]:
    """Who read or changed what, when and for which purpose, newest first; without content."""
    return {"results": Reached(request, id, "memory:read").handle.audit()[::-1][:STORED]}


@router.get("/export")
def export(request: Request, id: str) -> Response:
    """All of him: a zip of the folder that `idiolect import` reads, and his stored answers."""
    who = Reached(request, id, "memory:read")
    place = Path(tempfile.mkdtemp(prefix="idiolect-"))
    try:
        who.handle.export(place / "user")
        with who.service.notebook(who.space).of(who.handle.id) as notes:
            answers = notes.answers(STORED) if notes else []
        lines = "".join(f"{json.dumps(a, ensure_ascii=False)}\n" for a in answers)
        (place / "user" / "answers.jsonl").write_text(lines, encoding="utf-8")
        packed = shutil.make_archive(str(place / "packed"), "zip", place / "user")
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    gone = BackgroundTask(shutil.rmtree, place, ignore_errors=True)
    return FileResponse(packed, media_type="application/zip", filename="idiolect-user.zip", background=gone)


@router.delete("")
def erase(request: Request, id: str) -> dict[str, Any]:
    """Erases him and looks for what may be left; the receipt, which names nobody."""
    who = Reached(request, id, "memory:write")
    who.service.erased(who.space, who.handle.id)
    receipt = who.handle.erase()
    who.service.swept()
    shown = {name: getattr(receipt, name) for name in ("unit", "records", "bytes", "searched", "residue", "status")}
    return {**shown, "began": iso(receipt.began), "closed": None if receipt.closed is None else iso(receipt.closed)}


def _wishes(who: Reached) -> list[Preference]:
    return [r for r in who.records.values() if isinstance(r, Preference) and r.dimension]


def _dials(who: Reached) -> dict[str, Any]:
    newest = {w.dimension: w.weight for w in sorted(_wishes(who), key=lambda w: w.time)}
    stated = [{"dimension": name, "weight": weight} for name, weight in newest.items() if name not in NAMES]
    return {"preferences": stated, "suggested": list(SUGGESTED), "dimensions": _dimensions(who)}


def _dimensions(who: Reached) -> list[dict[str, Any]]:
    """His weights; none where they are not learnt here, or may not be used for him."""
    method = who.service.learning.get(WEIGHTS)
    try:
        data: UserData = view(who.service.held(who.space), who.handle.id)
    except ConsentError:
        return []
    own = who.service.kept.own(who.space, who.handle.id, WEIGHTS)
    return dials(method, data, own) if isinstance(method, PReF) else []


def _consents(who: Reached) -> dict[str, Any]:
    given = {"consents": sorted(who.handle.consents()), "known": list(PURPOSES)}
    return {**given, "remember": who.handle.remembered}
