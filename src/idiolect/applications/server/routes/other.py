"""`/v1/responses`, `/v1/completions` and `/v1/embeddings`."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from idiolect.applications.server.answering import fields, shapes, writers
from idiolect.applications.server.answering.responses import asked, told
from idiolect.applications.server.errors import Refusal, missing
from idiolect.applications.server.routes import bodies
from idiolect.applications.server.routes.credentials import body_of, service_of, speaker_of
from idiolect.applications.server.routes.given import Asked, Form
from idiolect.applications.server.service import Service
from idiolect.applications.server.speakers.identity import Speaker

router = APIRouter(prefix="/v1", tags=["answers"])
MOST = 2048  # texts of one request for embeddings
ENCODER = "all-minilm-l6-v2"


@router.post("/responses", openapi_extra=bodies.RESPONSES)
async def respond(request: Request) -> Response:
    """The same answers in the form of OpenAI's Responses."""
    this = await Asked.of(request)
    before = await asyncio.to_thread(_before, this.service, this.speaker, this.body)
    form = Form(
        whole=lambda answer: told.response(this.body, answer),
        events=lambda first, rest: told.events(this.body, first, rest),
        options={"stream_options": {"include_usage": True}},
    )
    return await this.given(asked.as_chat(this.body, before), form)


@router.post("/completions", openapi_extra=bodies.COMPLETIONS)
async def complete(request: Request) -> Response:
    """The older form. Its prompt counts as the application's: answered in the user's terms, and not remembered."""
    this = await Asked.of(request)
    speaker = this.speaker
    reading = replace(speaker, scopes=tuple(s for s in speaker.scopes if s not in ("memory:write", "users:create")))
    form = Form(whole=_completion, events=_texts, options={})
    return await this.given(fields.completion(this.body), form, reading=reading)


@router.post("/embeddings", openapi_extra=bodies.EMBEDDINGS)
async def embed(request: Request) -> Response:
    """Sentence vectors: the upstream's, or those of the encoder that searches memories."""
    service, speaker = service_of(request), speaker_of(request)
    speaker.needs("chat")
    body = await body_of(request)
    if service.upstream is not None:
        return JSONResponse(await service.upstream.post("embeddings", writers.without(body, speaker.field)))
    encoder = service.space(speaker.space).encoder
    if encoder is None:
        raise Refusal(404, "no encoder here: install idiolect[embed]", param="model", code="model_not_found")
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 0 < len(texts) <= MOST or not all(isinstance(t, str) and t for t in texts):
        raise Refusal(400, f"input must be a text or a list of 1 to {MOST}", param="input")
    form = body.get("encoding_format") or "float"
    if form not in ("float", "base64") or body.get("dimensions") not in (None, encoder.dim):
        raise Refusal(400, f"{encoder.dim} dimensions, as float or base64", param="encoding_format")
    rows = await asyncio.to_thread(encoder.encode, texts)
    data = [
        {
            "object": "embedding",
            "index": i,
            "embedding": row.tolist() if form == "float" else base64.b64encode(row.astype("<f4").tobytes()).decode(),
        }
        for i, row in enumerate(rows)
    ]
    tokens = sum(service.pipeline.count(text) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONResponse({"object": "list", "data": data, "model": body.get("model") or ENCODER, "usage": usage})


def _before(service: Service, speaker: Speaker, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The dialogue of `previous_response_id`, which must be the same user's."""
    previous, user = body.get("previous_response_id"), speaker.names(body)
    if previous is None:
        return []
    if not isinstance(previous, str) or user is None:
        raise missing("there is no such response")
    with service.notebook(speaker.space).of(user) as notes:
        found = notes.answer(f"ans_{previous.removeprefix('resp_')}") if notes else None
    if found is None or "messages" not in found:
        raise missing("there is no such response")
    said = [m for m in found["messages"] if m["role"] not in ("system", "developer")]
    calls = {"tool_calls": found["calls"]} if found.get("calls") else {}
    return [*said, {"role": "assistant", "content": found["text"], **calls}]


async def _texts(first: Mapping[str, Any], rest: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    said: dict[int, int] = {}  # characters of each text so far
    yield shapes.event(_chunk(first, said))
    async for one in rest:
        yield shapes.event(_chunk(one, said))
    yield shapes.DONE


def _chunk(one: Mapping[str, Any], said: dict[int, int]) -> dict[str, Any]:
    choices = [_choice(c, (c.get("delta") or {}).get("content"), said) for c in one.get("choices") or ()]
    return {**one, "object": "text_completion", "choices": choices}


def _completion(answer: Mapping[str, Any]) -> dict[str, Any]:
    choices = [_choice(c, c["message"].get("content"), {}) for c in answer["choices"]]
    return {**answer, "object": "text_completion", "choices": choices}


def _choice(choice: Mapping[str, Any], text: str | None, said: dict[int, int]) -> dict[str, Any]:
    """One text, or a piece of it behind what of it was said."""
    index = int(choice.get("index", 0))
    begun = said.get(index, 0)
    said[index] = begun + len(text or "")
    logprobs = shapes.older(choice.get("logprobs"), begun)
    finish = choice.get("finish_reason")
    return {"index": index, "text": text or "", "logprobs": logprobs, "finish_reason": finish}
