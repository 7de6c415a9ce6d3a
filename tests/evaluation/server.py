"""An OpenAI-compatible server without a socket: it says what stands last in its prompt after "=>", and counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from idiolect.models.openai import OpenAIModel

ADDRESS = "http://127.0.0.1:9/v1#parrot"


class Server:
    """`asked`: the bodies of all requests. say: what it answers, of a body; None: it repeats what its prompt showed."""

    def __init__(self, say: Callable[[dict[str, Any]], str] | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._say = say or _parrot

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append(body)
        choices = [{"index": n, "message": {"content": self._say(body)}} for n in range(body["n"])]
        return httpx.Response(200, json={"choices": choices})


def running(patch: pytest.MonkeyPatch, server: Server | None = None) -> Server:
    """A server behind every address that is opened from now on."""
    found = server or Server()
    transport = httpx.MockTransport(found)
    patch.setattr(
        OpenAIModel, "open", lambda url, name, **more: OpenAIModel(url, name, transport=transport, waits=(), **more)
    )
    return found


def _parrot(body: dict[str, Any]) -> str:
    shown = [line for m in body["messages"] for line in m["content"].splitlines() if "=>" in line]
    return str(shown[-1].partition("=> ")[2]) if shown else "no idea"
