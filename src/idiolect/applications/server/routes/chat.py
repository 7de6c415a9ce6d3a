"""`/v1/chat/completions` and `/v1/models`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from idiolect.applications.server.answering import shapes
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.routes import bodies
from idiolect.applications.server.routes.credentials import service_of, speaker_of
from idiolect.applications.server.routes.given import Asked, Form

router = APIRouter(prefix="/v1", tags=["answers"])


@router.get("/models")
async def models(request: Request) -> dict[str, Any]:
    """What `model` may be."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("chat", "admin")
    return {"object": "list", "data": await service.models()}


@router.get("/models/{name:path}")
async def model(request: Request, name: str) -> dict[str, Any]:
    """One of them."""
    for one in (await models(request))["data"]:
        if one["id"] == name:
            return dict(one)
    raise Refusal(404, f"no model {name[:80]!r} here, see /v1/models", param="model", code="model_not_found")


@router.post("/chat/completions", openapi_extra=bodies.CHAT)
async def completions(request: Request) -> Response:
    """An answer in the user's own terms."""
    asked = await Asked.of(request)
    return await asked.given(asked.body, CHAT)


async def _events(first: Mapping[str, Any], rest: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    yield shapes.event(first)
    async for chunk in rest:
        yield shapes.event(chunk)
    yield shapes.DONE


CHAT = Form(whole=dict, events=_events, options={})
