"""Answers and chunks as OpenAI writes them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any

Call = dict[str, Any]  # {"id", "type": "function", "function": {"name", "arguments"}}
DONE = b"data: [DONE]\n\n"
ENDS = {"stop": "stop", "length": "length", "cancelled": "stop"}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The names that all chunks of one answer share."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, texts: Sequence[tuple[str, str]], usage: Mapping[str, int]) -> dict[str, Any]:
        """A `chat.completion` of (text, finish)."""
        choices = [
            {"index": i, "message": {"role": "assistant", "content": text}, "logprobs": None, "finish_reason": end}
            for i, (text, end) in enumerate(texts)
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": dict(usage)}

    def chunk(self, index: int, delta: Mapping[str, Any], finish: str | None = None) -> dict[str, Any]:
        """One `chat.completion.chunk`."""
        choice = {"index": index, "delta": dict(delta), "logprobs": None, "finish_reason": finish}
        return {**self._head("chat.completion.chunk"), "choices": [choice]}

    def last(self, usage: Mapping[str, int]) -> dict[str, Any]:
        """The chunk behind all choices that states the usage."""
        return {**self._head("chat.completion.chunk"), "choices": [], "usage": dict(usage)}

    def _head(self, kind: str) -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def calls_of(message: Mapping[str, Any]) -> list[Call]:
    """The functions that a message calls."""
    calls = message.get("tool_calls")
    return gathered([], {"tool_calls": calls}) if isinstance(calls, list) else []


def gathered(calls: Sequence[Call], delta: Mapping[str, Any]) -> list[Call]:
    """The calls so far with what a delta adds: a new one, or more of the arguments of one."""
    found = [dict(call) for call in calls]
    for place, piece in enumerate(delta.get("tool_calls") or ()):
        said = piece.get("function") or {}
        index = piece.get("index", place)
        while len(found) <= index:
            found.append({"id": "", "type": "function", "function": {"name": "", "arguments": ""}})
        before = found[index]["function"]
        function = {name: before[name] + str(said.get(name) or "") for name in ("name", "arguments")}
        found[index] = {**found[index], "id": piece.get("id") or found[index]["id"], "function": function}
    return found


def older(logprobs: Any, begun: int = 0) -> dict[str, Any] | None:
    """The log-probabilities of a choice of chat as `/v1/completions` tells them.

    Args:
        begun: characters of the text before its first token.
    """
    content = logprobs.get("content") if isinstance(logprobs, Mapping) else None
    if not content:
        return None
    tokens = [str(one["token"]) for one in content]
    tops = [{str(t["token"]): t["logprob"] for t in one.get("top_logprobs") or ()} for one in content]
    return {
        "tokens": tokens,
        "token_logprobs": [one["logprob"] for one in content],
        "top_logprobs": tops if any(tops) else None,
        "text_offset": [begun + len("".join(tokens[:i])) for i in range(len(tokens))],
    }


def usage(prompt: int, completion: int) -> dict[str, int]:
    """Tokens as OpenAI counts them."""
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def event(data: Any) -> bytes:
    """One server-sent event."""
    return b"data: " + json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
