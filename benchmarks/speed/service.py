"""What the door costs a request: the processor's time that memory adds, over a bare FastAPI echo's.

Requests go straight into the applications, without a client or a socket, and the upstream is a stub in this process, so
that both cancel out. Counts: IDIOLECT_BENCH_REQUESTS (100), IDIOLECT_BENCH_ROUNDS (5).
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles
from typing import Any

import httpx
from fastapi import FastAPI, Request
from ratio import Row, machine

from idiolect.applications.server.app import create
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import load

REQUESTS = int(os.environ.get("IDIOLECT_BENCH_REQUESTS", "100"))
ROUNDS = int(os.environ.get("IDIOLECT_BENCH_ROUNDS", "5"))
ECHOES = 10  # to one request: they are so quick that few would tell little
MEMORIES, USERS = 100, 20  # so that no user grows much by what he asks here
HOST, PORT = "127.0.0.1", 8321
WHAT = ("sister", "brother", "dog", "doctor", "boss", "street", "garden", "office", "school", "boat")
DOES = (
    "lives in",
    "was painted",
    "comes from",
    "is called after",
    "went to",
    "likes",
    "never saw",
    "left",
    "has",
    "is",
)
PLACE = ("Oslo", "Kyoto", "Lima", "Turin", "Accra", "Quito", "Hanoi", "Perth", "Cork", "Bergen")


def stub(request: httpx.Request) -> httpx.Response:
    """The upstream: one short answer at once."""
    model = json.loads(request.content)["model"]
    choice = {"index": 0, "message": {"role": "assistant", "content": "Certainly."}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    head = {"id": "c", "object": "chat.completion", "created": 1, "model": model}
    return httpx.Response(200, json={**head, "choices": [choice], "usage": usage})


def echo() -> FastAPI:
    """The floor: JSON in, the same JSON out."""
    app = FastAPI()

    @app.post("/v1/chat/completions")
    async def back(request: Request) -> Any:
        return await request.json()

    return app


async def ask(app: Any, number: int, headers: list[tuple[bytes, bytes]]) -> None:
    """One question into an application."""
    question = f"Where did my {WHAT[number % 10]} go, the time before number {number}?"
    body = {"model": "small", "user": f"user {number % USERS}", "messages": [{"role": "user", "content": question}]}
    content, sent = json.dumps(body).encode(), []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": "/v1/chat/completions",
        "raw_path": b"/v1/chat/completions",
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "headers": [(b"host", f"{HOST}:{PORT}".encode()), (b"content-type", b"application/json"), *headers],
        "client": (HOST, 5000),
        "server": (HOST, PORT),
    }
    parts = [{"type": "http.request", "body": content, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if not parts:
            await asyncio.Event().wait()  # the client stays
        return parts.pop()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    if sent[0]["status"] != 200:
        raise RuntimeError(f"the answer has status {sent[0]['status']}: {sent[-1].get('body')!r}")


def service(home: Path, encoder: str) -> Service:
    """A door before the stub, whose user has a hundred memories; vectors are made before the clock runs."""
    settings = load(
        environment={},
        home=home,
        server={"encoder": encoder, "port": PORT},
        upstream={"url": "http://127.0.0.1:9/v1"},
    )
    made = Service(settings, transport=httpx.MockTransport(stub))
    texts = [
        f"My {WHAT[n % 10]} {DOES[n // 10]} {PLACE[(n * 7) % 10]}, and that since {1900 + n}." for n in range(MEMORIES)
    ]
    for n in range(USERS):
        made.space("default").user(f"user {n}").add(texts, wait=True)
    return made


def row(encoder: str, goal: float | None, name: str) -> Row:
    """(memory on - memory off) / echo, in CPU seconds, each side in turn in every round."""
    with tempfile.TemporaryDirectory() as folder:
        made = service(Path(folder), encoder)
        door, floor = create(made), echo()
        bearer = [(b"authorization", f"Bearer {made.door.token}".encode())]
        sides: tuple[tuple[FastAPI, list[tuple[bytes, bytes]], int], ...] = (
            (door, bearer, REQUESTS),
            (door, [*bearer, (b"x-idiolect-memory", b"off")], REQUESTS),
            (floor, [], ECHOES * REQUESTS),
        )

        async def whole() -> list[float]:
            ratios, number = [], 0
            async with door.router.lifespan_context(door):
                for one in range(ROUNDS + 1):
                    spent = []
                    for app, headers, times in sides:
                        began = time.process_time()
                        for _ in range(times):
                            await ask(app, number, headers)
                            number += 1
                        spent.append((time.process_time() - began) / times)
                    print([round(1e6 * s) for s in spent])
                    if one:  # the first round warms up
                        ratios.append((spent[0] - spent[1]) / spent[2])
            return ratios

        low, middle, high = quantiles(asyncio.run(whole()), n=4)
    found = {"ratio": round(middle, 3), "low": round(low, 3), "high": round(high, 3)}
    return Row(
        id=name, **found, goal=goal, better="lower", command="python benchmarks/speed service", machine=machine()
    )


def pairs() -> Iterator[Row]:
    """The rows."""
    yield row("none", 3.0, "CPU a request, 100 memories: on - off / a FastAPI echo")
    yield row("auto", None, "the same with the question's encoding")
