"""Clients of a door before a real upstream that go away at any moment, while connections are used again."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from idiolect.applications.server.run import bound
from idiolect.applications.server.settings import load
from live import serving, until

WORDS = 12
USERS = 24


class Upstream:
    """Says again, word by word, what it was asked last; counts what it is at, and over which connections."""

    def __init__(self) -> None:
        self.open, self.asked = 0, 0
        self.connections: Counter[int] = Counter()
        self.app = Starlette(routes=[Route("/v1/chat/completions", self.answer, methods=["POST"])])

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.asked += 1
        self.connections[request.client.port if request.client else 0] += 1
        said = body["messages"][-1]["content"].split()[-1]
        if body.get("stream"):
            return StreamingResponse(self.pieces(said), media_type="text/event-stream")
        self.open += 1
        try:
            await asyncio.sleep(0.01)
        finally:
            self.open -= 1
        message = {"role": "assistant", "content": f"{said} " * WORDS}
        return JSONResponse(told("chat.completion", {"message": message, "finish_reason": "stop"}))

    async def pieces(self, said: str) -> AsyncIterator[bytes]:
        self.open += 1
        try:
            for _ in range(WORDS):
                delta = {"delta": {"content": f"{said} "}, "finish_reason": None}
                yield b"data: " + json.dumps(told("chat.completion.chunk", delta)).encode() + b"\n\n"
                await asyncio.sleep(0.003)
            end = told("chat.completion.chunk", {"delta": {}, "finish_reason": "stop"})
            yield b"data: " + json.dumps(end).encode() + b"\n\ndata: [DONE]\n\n"
        finally:
            self.open -= 1


def told(kind: str, choice: dict[str, Any]) -> dict[str, Any]:
    return {"id": "c", "object": kind, "created": 1, "model": "small", "choices": [{"index": 0, **choice}]}


@contextmanager
def listening(upstream: Upstream) -> Iterator[str]:
    """The upstream on a socket of its own."""
    with bound(load(environment={}, server={"port": 0})) as listener:
        server = uvicorn.Server(uvicorn.Config(upstream.app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: server.started)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            server.should_exit = True
            thread.join(60)


async def heard(client: httpx.AsyncClient, who: str, place: int, *, streamed: bool, pause: float) -> str:
    """What a user is answered, read as slowly as his client reads."""
    messages = [{"role": "user", "content": f"say {place} {who}-{place}"}]
    body = {"model": "small", "messages": messages, "user": who, "stream": streamed}
    if not streamed:
        answer = (await client.post("/chat/completions", json=body)).json()
        return str(answer["choices"][0]["message"]["content"])
    text = ""
    async with client.stream("POST", "/chat/completions", json=body) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line[6:])["choices"]
                text += "".join(choice["delta"].get("content") or "" for choice in choices)
            await asyncio.sleep(pause)
    return text


async def crowd(address: str, rounds: int, seed: int) -> int:
    """How many stayed, over few connections; half of all leave at a random moment, before or within their answer."""
    chance, stayed = Random(seed), 0
    limits = httpx.Limits(max_connections=8, max_keepalive_connections=8)
    async with httpx.AsyncClient(base_url=f"{address}/v1", limits=limits, timeout=60) as client:
        for place in range(rounds):
            tasks = {}
            for i in range(USERS):
                pause, streamed = chance.choice((0, 0, 0.002)), chance.random() < 0.7
                asked = heard(client, f"user{i}", seed * 1000 + place, streamed=streamed, pause=pause)
                tasks[f"user{i}"] = asyncio.create_task(asked)
            for task in chance.sample(list(tasks.values()), USERS // 2):
                await asyncio.sleep(chance.random() * 0.03)
                task.cancel()
            texts = await asyncio.gather(*tasks.values(), return_exceptions=True)
            for who, text in zip(tasks, texts, strict=True):
                if not isinstance(text, asyncio.CancelledError):
                    assert text == f"{who}-{seed * 1000 + place} " * WORDS
                    stayed += 1
    return stayed


@pytest.mark.parametrize("rounds", [pytest.param(4, marks=pytest.mark.slow), pytest.param(60, marks=pytest.mark.long)])
def test_whoever_stays_hears_his_own_and_whoever_leaves_leaves_nothing_at_the_upstream(
    tmp_path: Path, socket_enabled: None, rounds: int
) -> None:
    upstream = Upstream()
    with listening(upstream) as url:
        given = {"server": {"port": 0, "encoder": "none"}, "upstream": {"url": url, "retries": 0, "breaker": 10**6}}
        settings = load(environment={}, home=tmp_path / "home", trust_local=True, **given)
        with serving(settings) as (service, address):
            stayed = asyncio.run(crowd(address, rounds, 1))
            until(lambda: upstream.open == 0)  # who left is being answered no more
            again = asyncio.run(crowd(address, 1, 2))  # and nobody waits for a connection that was never given back
            turns = [
                [m["memory"] for m in service.space("default").user(f"user{i}").get_all()["results"]]
                for i in range(USERS)
            ]
    assert stayed >= rounds * USERS // 2
    assert again >= USERS // 2
    assert len(upstream.connections) < upstream.asked, "no connection was used again"
    assert all(text.rpartition(" ")[2].startswith(f"user{i}-") for i, mine in enumerate(turns) for text in mine)
    assert sum(map(len, turns)) >= stayed
