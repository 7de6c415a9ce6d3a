"""A response of `/v1/responses`, whole or as its events, from an answer of chat."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idiolect.applications.server.answering.shapes import Call, calls_of, gathered

Item = dict[str, Any]


def response(body: Mapping[str, Any], answer: Mapping[str, Any], status: str = "completed") -> dict[str, Any]:
    """A `response` of a `chat.completion`; under its id the dialogue can be gone on with."""
    extension = answer.get("idiolect") or {}
    id = f"resp_{(extension.get('answer_id') or answer['id']).partition('_')[2] or answer['id']}"
    choices = answer.get("choices") or []
    message = choices[0]["message"] if choices else {}
    cut = bool(choices) and choices[0].get("finish_reason") == "length"
    return {
        "id": id,
        "object": "response",
        "created_at": answer["created"],
        "status": "incomplete" if cut else status,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "error": None,
        "model": answer["model"],
        "output": items(id, message.get("content") or "", calls_of(message)) if choices else [],
        "instructions": body.get("instructions"),
        "previous_response_id": body.get("previous_response_id"),
        "metadata": body.get("metadata") or {},
        "temperature": body.get("temperature"),
        "top_p": body.get("top_p"),
        "max_output_tokens": body.get("max_output_tokens"),
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "usage": _usage(answer.get("usage") or {}),
        "idiolect": extension or None,
    }


def _usage(said: Mapping[str, Any]) -> dict[str, Any]:
    """Tokens as Responses count them; how many came from a cache, or were thought, where the answer says so."""
    cached = (said.get("prompt_tokens_details") or {}).get("cached_tokens")
    thought = (said.get("completion_tokens_details") or {}).get("reasoning_tokens")
    return {
        "input_tokens": said.get("prompt_tokens") or 0,
        "input_tokens_details": {"cached_tokens": cached or 0},
        "output_tokens": said.get("completion_tokens") or 0,
        "output_tokens_details": {"reasoning_tokens": thought or 0},
        "total_tokens": said.get("total_tokens") or 0,
    }


def items(id: str, text: str, calls: Sequence[Call]) -> list[Item]:
    """What a response holds: a message where there are words (or nothing else), and the calls behind it."""
    said = [_message(id, text)] if text or not calls else []
    return [*said, *(_call(id, place, call) for place, call in enumerate(calls))]


def _message(id: str, text: str) -> Item:
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    name = f"msg_{id.removeprefix('resp_')}"
    return {"type": "message", "id": name, "status": "completed", "role": "assistant", "content": [part]}


def _call(id: str, place: int, call: Call) -> Item:
    name = f"fc_{id.removeprefix('resp_')}_{place}"
    said = {"call_id": call["id"], "name": call["function"]["name"], "arguments": call["function"]["arguments"]}
    return {"type": "function_call", "id": name, "status": "completed", **said}


@dataclass
class Events:
    """A response as it grows. id: that of its items. Each method gives the events of one step."""

    id: str
    text: str = ""
    calls: list[Call] = field(default_factory=list)
    count: int = 0

    @property
    def place(self) -> dict[str, Any]:
        """Where the words stand."""
        return {"item_id": _message(self.id, "")["id"], "output_index": 0, "content_index": 0}

    def event(self, kind: str, **fields: Any) -> bytes:
        """One event of the protocol."""
        data = json.dumps({"type": kind, "sequence_number": self.count, **fields}, ensure_ascii=False)
        self.count += 1
        return f"event: {kind}\ndata: {data}\n\n".encode()

    def spoken(self, piece: str) -> list[bytes]:
        """More words; the first open the message."""
        begun = [] if self.text else self.opened()
        self.text += piece
        return [*begun, self.event("response.output_text.delta", **self.place, delta=piece, logprobs=[])]

    def opened(self) -> list[bytes]:
        """The message begins."""
        shell = _message(self.id, "")
        item = {**shell, "status": "in_progress", "content": []}
        return [
            self.event("response.output_item.added", output_index=0, item=item),
            self.event("response.content_part.added", **self.place, part=shell["content"][0]),
        ]

    def called(self, delta: Mapping[str, Any]) -> list[bytes]:
        """More of the calls; each new one is an item."""
        found: list[bytes] = []
        before = [call["function"]["arguments"] for call in self.calls]
        self.calls = gathered(self.calls, delta)
        for place, call in enumerate(self.calls):
            item = _call(self.id, place, call)
            where = {"item_id": item["id"], "output_index": self._behind(place)}
            if place >= len(before):
                begun = {**item, "status": "in_progress", "arguments": ""}
                found.append(self.event("response.output_item.added", output_index=self._behind(place), item=begun))
            grown = call["function"]["arguments"].removeprefix(before[place] if place < len(before) else "")
            if grown:
                found.append(self.event("response.function_call_arguments.delta", **where, delta=grown))
        return found

    def ended(self, output: Sequence[Item]) -> list[bytes]:
        """All items are whole."""
        found: list[bytes] = []
        for index, item in enumerate(output):
            if item["type"] == "message":
                found += [] if self.text else self.opened()
                found.append(self.event("response.output_text.done", **self.place, text=self.text, logprobs=[]))
                found.append(self.event("response.content_part.done", **self.place, part=item["content"][0]))
            else:
                said = {"arguments": item["arguments"], "name": item["name"]}
                where = {"item_id": item["id"], "output_index": index}
                found.append(self.event("response.function_call_arguments.done", **where, **said))
            found.append(self.event("response.output_item.done", output_index=index, item=item))
        return found

    def _behind(self, place: int) -> int:
        return place + bool(self.text)


async def events(
    body: Mapping[str, Any], first: Mapping[str, Any], rest: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[bytes]:
    """The events of a streamed response, from the chunks of a streamed answer."""
    head = {"id": first["id"], "created": first["created"], "model": first["model"]}
    begun = response(body, head, "in_progress")
    made = Events(begun["id"])
    yield made.event("response.created", response=begun)
    finish, last = None, dict(first)
    async for chunk in _chained(first, rest):
        last = chunk
        for choice in chunk.get("choices") or ():
            finish = choice.get("finish_reason") or finish
            delta = choice.get("delta") or {}
            for event in [*(made.spoken(delta["content"]) if delta.get("content") else ()), *made.called(delta)]:
                yield event
    message = {"role": "assistant", "content": made.text, **({"tool_calls": made.calls} if made.calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    done = response(body, {**head, "choices": [choice], "usage": last.get("usage"), "idiolect": last.get("idiolect")})
    for event in made.ended(items(begun["id"], made.text, made.calls)):
        yield event
    yield made.event(f"response.{done['status']}", response=done)


async def _chained(first: Any, rest: AsyncIterator[dict[str, Any]]) -> AsyncIterator[dict[str, Any]]:
    yield first
    async for one in rest:
        yield one
