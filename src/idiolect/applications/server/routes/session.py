"""`/`, `/v1/session`, `/v1/users`, `/v1/demo`, and the login of a page that stands behind keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, unquote

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

import idiolect
from idiolect import applications
from idiolect.applications.server import demo
from idiolect.applications.server.errors import Refusal, missing
from idiolect.applications.server.routes.credentials import service_of, speaker_of
from idiolect.applications.server.service import Service
from idiolect.applications.server.speakers.identity import COOKIE, LENT, LINK, OWN, SESSION, Speaker
from idiolect.data.sqlite.connection import value

router = APIRouter(tags=["session"])
PAGE = Path(applications.__file__).parent / "page"
MOST = 200  # users that a page lists


class Lent(BaseModel):
    """How long a token is good for, in seconds, and what for; all that the key may, where no scopes are named."""

    model_config = ConfigDict(extra="forbid")
    expires_in: int = Field(default=LENT[0], ge=1, le=LENT[1])
    scopes: list[Literal["chat", "memory:read", "memory:write"]] | None = Field(default=None, min_length=1)


@router.get("/", include_in_schema=False)
def index() -> Response:
    """The page; it holds no data."""
    return FileResponse(PAGE / "index.html", headers={"cache-control": "no-cache"})


@router.get("/login", include_in_schema=False)
def login(request: Request, code: str) -> Response:
    """A one-time link: its code becomes a cookie that scripts cannot read."""
    session = service_of(request).door.redeem(code)
    response = RedirectResponse("/", 303)
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, session, max_age=SESSION, httponly=True, secure=secure, samesite="strict")
    return response


@router.post("/v1/logout")
def logout(request: Request) -> Response:
    """The login ends, and the cookie goes."""
    speaker_of(request)
    service_of(request).door.leave(request)
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


@router.post("/v1/users/{id}/login-link")
def link(request: Request, id: str) -> dict[str, Any]:
    """A link that logs a user in at the page, once; there he may do no more than who asked for it."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("memory:write")
    user = service.known(speaker, unquote(id)).id
    if speaker.kind == "token":  # a login would outlive it
        raise Refusal(403, "a link is asked for with a key", code="missing_scope")
    code = service.door.ticket(speaker.space, user, "login", speaker.scopes, key=speaker.key)
    return {"url": f"{request.base_url}login?code={quote(code)}", "expires_in": LINK}


@router.post("/v1/users/{id}/token")
def token(request: Request, id: str, body: Lent) -> dict[str, Any]:
    """A credential for a client of his own: it is that one user, allows no more than who asked, and ends by itself."""
    service, speaker = service_of(request), speaker_of(request)
    wanted: list[str] = [*body.scopes] if body.scopes else [s for s in OWN if s in speaker.scopes]
    for scope in wanted or OWN[:1]:
        speaker.needs(scope)
    if (handle := service.person(speaker, speaker.reaches(unquote(id)))) is None:
        raise missing("there is no such user")
    said = service.door.lent(speaker, handle.id, wanted, body.expires_in)
    with service.space(speaker.space).store.unit(handle.id, make=True):  # who may make users has made one
        return {"token": said, "expires_in": body.expires_in, "user": handle.id, "scopes": wanted}


@router.get("/v1/session")
async def session(request: Request) -> dict[str, Any]:
    """Who speaks and what runs."""
    service, speaker = service_of(request), speaker_of(request)
    space = _shown(service, speaker)
    listed = [] if speaker.user is not None or speaker.kind == "operator" else users_of(service, space)
    return {
        "space": space,
        "spaces": [speaker.space] if speaker.kind != "app" or not service.door.keyless else _spaces(service),
        "users": listed,
        "user": speaker.user,
        "model": service.model_name or None,
        "models": await _models(service),
        "pipeline": speaker.pipeline or service.settings.pipeline.methods,
        "embedded": service.embedded,
        "upstream": service.settings.upstream.url or None,
        "keyless": service.door.keyless,
        "scopes": list(speaker.scopes),
        "csrf": speaker.csrf,
        "version": idiolect.__version__,
    }


@router.get("/v1/users")
def users(request: Request) -> dict[str, Any]:
    """The users of the space; an operator sees their ids alone."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("memory:read", "admin")
    if speaker.user is not None:
        return {"users": [u for u in users_of(service, speaker.space) if u["id"] == speaker.user]}
    return {"users": users_of(service, speaker.space)}


@router.delete("/v1/demo")
def end_demo(request: Request) -> dict[str, Any]:
    """The invented people go, for good."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("admin")
    if not service.door.keyless:
        raise missing()
    return {"erased": demo.end(service)}


def users_of(service: Service, space: str) -> list[dict[str, Any]]:
    """The first users of a space, with how much is kept of each."""
    invented = demo.people() if space == demo.SPACE else {}
    store = service.space(space).store
    found = []
    for id in store.users()[:MOST]:
        with store.unit(id) as unit:
            if unit is None:
                continue
            with unit.reading() as connection:
                count = value(connection, "SELECT count(*) FROM record WHERE replaced IS NULL")
        asked = list(invented[id].questions) if id in invented else []
        found.append({"id": id, "memories": count, "invented": id in invented, "questions": asked})
    return found


async def _models(service: Service) -> list[str]:
    """Their names; none while the upstream cannot be asked."""
    try:
        return [m["id"] for m in await service.models()]
    except Refusal:
        return []


def _spaces(service: Service) -> list[str]:
    return list(dict.fromkeys((service.settings.server.space, demo.SPACE)))


def _shown(service: Service, speaker: Speaker) -> str:
    """The space that a page is to begin with: the demo's, while the speaker's has nobody."""
    if not service.door.keyless or service.space(speaker.space).users():
        return speaker.space
    return demo.SPACE if service.space(demo.SPACE).users() else speaker.space
