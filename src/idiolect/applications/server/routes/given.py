"""How an answer is given in any of OpenAI's forms: whole or streamed, once under its `Idempotency-Key`, and no longer
than the client waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from idiolect.applications.server.answering import fields, shapes, writers
from idiolect.applications.server.answering.chat import prepared
from idiolect.applications.server.errors import Refusal, noticed
from idiolect.applications.server.routes.credentials import body_of, service_of, speaker_of
from idiolect.applications.server.routes.once import HEADERS, Once, again
from idiolect.applications.server.service import Service
from idiolect.applications.server.speakers.identity import Speaker

STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}
EVENTS = "text/event-stream"


@dataclass(frozen=True, kw_only=True)
class Form:
    """One way to tell an answer.

    Args:
        whole: of a `chat.completion` with our field.
        events: of the first and the other `chat.completion.chunk`s.
        options: of a stream that it needs.
    """

    whole: Callable[[dict[str, Any]], dict[str, Any]]
    events: Callable[[Mapping[str, Any], AsyncIterator[dict[str, Any]]], AsyncIterator[bytes]]
    options: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request for an answer as it came. memory: whether anything of the user may be touched."""

    request: Request
    service: Service
    speaker: Speaker
    body: dict[str, Any]
    memory: bool

    @classmethod
    async def of(cls, request: Request) -> Asked:
        """Raises:
        Refusal: who asks may not, or asks what is no JSON object.
        """
        service, speaker = service_of(request), speaker_of(request)
        memory = request.headers.get("x-idiolect-memory", "on").lower() != "off"
        return cls(request=request, service=service, speaker=speaker, body=await body_of(request), memory=memory)

    async def given(self, chat: dict[str, Any], form: Form, *, reading: Speaker | None = None) -> Response:
        """The answer.

        Args:
            chat: the request as `/v1/chat/completions` takes it.
            reading: who asks, with fewer rights.
        """
        request, service, streamed = self.request, self.service, fields.streams(self.body)
        key = request.headers.get("idempotency-key") if self.memory else None
        once = Once(service, self.speaker, {"path": request.url.path, **self.body}, key)
        asked = {**chat, **form.options} if streamed else chat
        exchange = await asyncio.to_thread(prepared, service, reading or self.speaker, asked, memory=self.memory)
        answer = await asyncio.to_thread(once.before, exchange) if once.key else None
        if answer is not None and streamed:
            chunks = again(answer, exchange)
            return _streamed(form.events(await anext(chunks), chunks), HEADERS)
        if answer is not None:
            return JSONResponse(form.whole(answer), headers=HEADERS)
        if streamed:
            chunks = once.noted(exchange, writers.chunks(service, exchange))
            # what fails before the first word fails with a status of its own
            first = await unless_gone(request, anext(chunks))
            return _streamed(form.events(first, chunks), {**STREAM, **exchange.headers()})
        try:
            answer = await unless_gone(request, writers.whole(service, exchange))
            if once.key:
                await asyncio.to_thread(once.after, exchange, answer)
        finally:
            once.over()
        return JSONResponse(form.whole(answer), headers=exchange.headers())


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


def _streamed(events: AsyncIterator[bytes], headers: Mapping[str, str]) -> Response:
    return StreamingResponse(_guarded(events), media_type=EVENTS, headers=headers)


async def _guarded(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for event in events:
            yield event
    except Exception as error:  # the status is sent: an error is an event
        yield shapes.event(noticed(error).shape)
