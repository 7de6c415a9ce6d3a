"""`/v1/chat/completions` and `/v1/models`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from idiolect.applications.server.answering import fields, shapes, writers
from idiolect.applications.server.answering.chat import prepared
from idiolect.applications.server.errors import Refusal, noticed
from idiolect.applications.server.routes import bodies
from idiolect.applications.server.routes.credentials import body_of, service_of, speaker_of
from idiolect.applications.server.routes.once import Once, again

router = APIRouter(prefix="/v1", tags=["answers"])
STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}


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
    service, speaker = service_of(request), speaker_of(request)
    body = await body_of(request)
    memory = request.headers.get("x-idiolect-memory", "on").lower() != "off"
    streamed = fields.streams(body)
    once = Once(service, speaker, body, request.headers.get("idempotency-key") if memory else None)
    exchange = await asyncio.to_thread(prepared, service, speaker, body, memory=memory)
    answer = await asyncio.to_thread(once.before, exchange) if once.key else None
    if answer is not None:
        return again(answer, exchange, streamed)
    if streamed:
        chunks = once.noted(exchange, writers.chunks(service, exchange))
        # what fails before the first word fails with a status of its own
        first = await unless_gone(request, anext(chunks))
        return StreamingResponse(
            _events(first, chunks), media_type="text/event-stream", headers={**STREAM, **exchange.headers()}
        )
    try:
        answer = await unless_gone(request, writers.whole(service, exchange))
        if once.key:
            await asyncio.to_thread(once.after, exchange, answer)
    finally:
        once.over()
    return JSONResponse(answer, headers=exchange.headers())


async def unless_gone(request: Request, work: Awaitable[Any]) -> Any:
    """The result of some work; it is cancelled when the client goes away."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise Refusal(499, "the client went away")
        return task.result()
    finally:
        task.cancel()
        watch.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        continue


async def _events(first: Mapping[str, Any], rest: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    try:
        yield shapes.event(first)
        async for chunk in rest:
            yield shapes.event(chunk)
    except Exception as error:  # the status is sent: an error is an event
        yield shapes.event(noticed(error).shape)
        return
    yield shapes.DONE
