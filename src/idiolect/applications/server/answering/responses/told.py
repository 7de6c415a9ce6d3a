"""`/v1/responses` as chat: its request as messages, its answer and its events from chunks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from idiolect.applications.server.errors import Refusal

TRANSLATED = ("input", "instructions", "previous_response_id", "max_output_tokens", "conversation")
NEUTRAL: Mapping[str, tuple[Any, ...]] = {  # what asks for nothing
    "truncation": ("disabled",),
    "text": ({"format": {"type": "text"}}, {}),
    "include": ([],),
    "background": (False,),
    "store": (True,),
    "tools": ([],),
    "tool_choice": ("auto", "none"),
    "parallel_tool_calls": (True, False),
    "reasoning": ({},),
}
PARTS = ("input_text", "output_text", "text")


def as_chat(body: Mapping[str, Any], before: list[dict[str, str]]) -> dict[str, Any]:
    """The request as `/v1/chat/completions` takes it. before: the dialogue that it goes on with.

    Raises:
        Refusal: 400, naming what cannot be honoured.
    """
    for name, values in NEUTRAL.items():
        if body.get(name) is not None and body[name] not in values:
            raise Refusal(400, f"/v1/responses cannot honour this {name!r}", param=name, code="unsupported_parameter")
    instructions = body.get("instructions")
    if not isinstance(instructions, (str, type(None))):
        raise Refusal(400, "instructions must be a text", param="instructions")
    first = [{"role": "system", "content": instructions}] if instructions else []
    chat = {k: v for k, v in body.items() if k not in (*TRANSLATED, *NEUTRAL)}
    if body.get("max_output_tokens") is not None:
        chat["max_tokens"] = body["max_output_tokens"]
    if body.get("conversation") is not None:
        chat["conversation"] = body["conversation"]
    return {**chat, "messages": [*first, *before, *_messages(body.get("input"))]}


def _messages(given: Any) -> list[dict[str, str]]:
    if isinstance(given, str):
        return [{"role": "user", "content": given}]
    if not isinstance(given, list) or not given:
        raise Refusal(400, "input must be a text or a list of messages", param="input")
    return [_message(one, f"input.{place}") for place, one in enumerate(given)]


def _message(one: Any, where: str) -> dict[str, str]:
    if not isinstance(one, Mapping) or one.get("type", "message") != "message" or "role" not in one:
        raise Refusal(400, "only messages can be read here", param=where, code="unsupported_parameter")
    content = one.get("content")
    if isinstance(content, str):
        return {"role": one["role"], "content": content}
    parts = content if isinstance(content, list) else []
    for place, part in enumerate(parts):
        if not isinstance(part, Mapping) or part.get("type") not in PARTS or not isinstance(part.get("text"), str):
            raise Refusal(400, "only text can be read here", param=f"{where}.content.{place}")
    return {"role": one["role"], "content": "\n".join(part["text"] for part in parts)}


def response(body: Mapping[str, Any], answer: Mapping[str, Any], status: str = "completed") -> dict[str, Any]:
    """A `response` of a `chat.completion`; under its id the dialogue can be gone on with."""
    field = answer.get("idiolect") or {}
    id = f"resp_{(field.get('answer_id') or answer['id']).partition('_')[2] or answer['id']}"
    choices = answer.get("choices") or []
    text = (choices[0]["message"].get("content") or "") if choices else ""
    cut = bool(choices) and choices[0].get("finish_reason") == "length"
    usage = answer.get("usage") or {}
    return {
        "id": id,
        "object": "response",
        "created_at": answer["created"],
        "status": "incomplete" if cut else status,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "error": None,
        "model": answer["model"],
        "output": [item(id, text)] if choices else [],
        "instructions": body.get("instructions"),
        "previous_response_id": body.get("previous_response_id"),
        "metadata": body.get("metadata") or {},
        "temperature": body.get("temperature"),
        "top_p": body.get("top_p"),
        "max_output_tokens": body.get("max_output_tokens"),
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": usage.get("prompt_tokens") or 0,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": usage.get("completion_tokens") or 0,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage.get("total_tokens") or 0,
        },
        "idiolect": field or None,
    }


def item(id: str, text: str) -> dict[str, Any]:
    """The one message of a response."""
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    name = f"msg_{id.removeprefix('resp_')}"
    return {"type": "message", "id": name, "status": "completed", "role": "assistant", "content": [part]}


async def events(
    body: Mapping[str, Any], first: Mapping[str, Any], rest: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[bytes]:
    """The events of a streamed response, from the chunks of a streamed answer."""
    head = {"id": first["id"], "created": first["created"], "model": first["model"]}
    begun = response(body, head, "in_progress")
    shell = item(begun["id"], "")
    place = {"item_id": shell["id"], "output_index": 0, "content_index": 0}
    count = iter(range(10**9))

    def event(kind: str, **fields: Any) -> bytes:
        data = json.dumps({"type": kind, "sequence_number": next(count), **fields}, ensure_ascii=False)
        return f"event: {kind}\ndata: {data}\n\n".encode()

    yield event("response.created", response=begun)
    yield event("response.output_item.added", output_index=0, item={**shell, "status": "in_progress", "content": []})
    yield event("response.content_part.added", **place, part=shell["content"][0])
    text, finish, last = "", None, dict(first)
    async for chunk in _chained(first, rest):
        last = chunk
        for choice in chunk.get("choices") or ():
            finish = choice.get("finish_reason") or finish
            if piece := choice.get("delta", {}).get("content"):
                text += piece
                yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
    yield event("response.output_text.done", **place, text=text, logprobs=[])
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    answer = {**head, "choices": [choice], "usage": last.get("usage"), "idiolect": last.get("idiolect")}
    done = response(body, answer)
    yield event("response.content_part.done", **place, part=done["output"][0]["content"][0])
    yield event("response.output_item.done", output_index=0, item={**done["output"][0], "id": shell["id"]})
    yield event(f"response.{done['status']}", response=done)


async def _chained(first: Any, rest: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    yield first
    async for one in rest:
        yield one
