"""A door in this process: the application behind a client that needs no network, before a stub or a tiny model."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.testclient import TestClient
from openai import OpenAI

from idiolect.applications.server.app import create
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import Settings, load

if TYPE_CHECKING:
    from idiolect.memory.user import User
    from idiolect.models.hf import HFModel

ADDRESS = "http://127.0.0.1:8321"
UPSTREAM = "http://127.0.0.1:9/v1"


class Stub:
    """An upstream that notes what it is sent. say: the text of the answer, from the body."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.say: Callable[[dict[str, Any]], str] = lambda body: f"answer {len(self.seen)}"
        self.failures: list[httpx.Response] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.headers.append(request.headers)
        if self.failures:
            return self.failures.pop(0)
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"object": "list", "data": [{"id": "small", "object": "model"}]})
        body = json.loads(request.content)
        self.seen.append(body)
        text, head = self.say(body), {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
        usage = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
        if not body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage, "odd": 1}
            return httpx.Response(200, json=whole)
        words = [{"role": "assistant", "content": ""}, *({"content": f"{word} "} for word in text.split())]
        choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in words]
        choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        chunks = [{**head, "object": "chat.completion.chunk", "choices": [c]} for c in choices]
        if (body.get("stream_options") or {}).get("include_usage"):
            chunks.append({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        content = "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n"
        return httpx.Response(200, content=content, headers={"content-type": "text/event-stream"})


class Running:
    """An open door: `http` asks as anybody, `client` as the official client does."""

    def __init__(self, service: Service, http: TestClient, stub: Stub) -> None:
        self.service, self.http, self.stub = service, http, stub

    @property
    def token(self) -> str:
        assert self.service.door.token is not None
        return self.service.door.token

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self, key: str | None = None, **options: Any) -> OpenAI:
        """The official client on this door."""
        key = key or self.token
        return OpenAI(base_url=f"{ADDRESS}/v1", api_key=key, http_client=self.http, max_retries=0, **options)

    def user(self, id: str, space: str = "default") -> User:
        """The handle behind the door."""
        return self.service.space(space).user(id)

    def turns(self, id: str) -> list[str]:
        """What is kept of somebody's words, oldest first."""
        return [m["memory"] for m in self.user(id).get_all()["results"]]


Opener = Callable[..., Running]


def settings(home: Path, *, upstream: bool = False, **given: Any) -> Settings:
    """Settings of a door in a test: no environment, no encoder."""
    given["server"] = {"encoder": "none", **given.get("server", {})}
    if upstream:
        given["upstream"] = {"url": UPSTREAM, "rest": 5.0, **given.get("upstream", {})}
    return load(environment={}, home=home, **given)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens doors that are closed after the test: ``opened(model=tiny)`` or ``opened(upstream=True)``."""
    with ExitStack() as stack:

        def open(*, model: HFModel | None = None, clock: Any = None, **given: Any) -> Running:
            stub = Stub()
            transport = httpx.MockTransport(stub)
            more = {"clock": clock} if clock else {}
            service = Service(settings(tmp_path / "home", **given), model=model, transport=transport, **more)
            http = stack.enter_context(TestClient(create(service), base_url=ADDRESS))
            return Running(service, http, stub)

        yield open


@pytest.fixture
def relay(opened: Opener) -> Running:
    """A door before the stub."""
    return opened(upstream=True)
