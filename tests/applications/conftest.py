"""A door in this process: the application behind a client that needs no network, before a stub or a tiny model."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.testclient import TestClient
from openai import OpenAI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from idiolect.applications.server import logs
from idiolect.applications.server.app import create
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import Settings, load

if TYPE_CHECKING:
    from idiolect.memory.user import User
    from idiolect.models.hf import HFModel

ADDRESS = "http://127.0.0.1:8321"
UPSTREAM = "http://127.0.0.1:9/v1"


class Stub:
    """An upstream that notes what it is sent. say: the text of the answer, from the body. message: all of it.
    logprobs: of an answer, or of each streamed word of it. instead: another response."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.headers: list[httpx.Headers] = []
        self.say: Callable[[dict[str, Any]], str] = lambda body: f"answer {len(self.seen)}"
        self.message: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: {"content": self.say(body)}
        self.logprobs: Callable[[dict[str, Any]], dict[str, Any] | None] = lambda body: None
        self.usage: dict[str, Any] = {"prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9}
        self.instead: Callable[[dict[str, Any]], httpx.Response | None] = lambda body: None
        self.failures: list[httpx.Response] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.headers.append(request.headers)
        if self.failures:
            return self.failures.pop(0)
        if request.url.path.endswith("/models"):
            return httpx.Response(200, json={"object": "list", "data": [{"id": "small", "object": "model"}]})
        body = json.loads(request.content)
        self.seen.append(body)
        if other := self.instead(body):
            return other
        message, head = self.message(body), {"id": "chatcmpl-1", "created": 1, "model": body["model"]}
        logprobs, usage = self.logprobs(body), self.usage
        if not body.get("stream"):
            said = {"role": "assistant", **message}
            choice = {"index": 0, "message": said, "logprobs": logprobs, "finish_reason": "stop"}
            whole = {**head, "object": "chat.completion", "choices": [choice], "usage": usage, "odd": 1}
            return httpx.Response(200, json=whole)
        words = [{"content": f"{word} "} for word in (message["content"] or "").split()]
        deltas = [{"role": "assistant", "content": ""}, *words, *pieces(message)]
        choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
        for choice in choices[1 : 1 + len(words)]:
            choice["logprobs"] = logprobs
        choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
        chunks = [{**head, "object": "chat.completion.chunk", "choices": [c]} for c in choices]
        if (body.get("stream_options") or {}).get("include_usage"):
            chunks.append({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage})
        content = "".join(f"data: {json.dumps(c)}\n\n" for c in chunks) + "data: [DONE]\n\n"
        return httpx.Response(200, content=content, headers={"content-type": "text/event-stream"})


def pieces(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The calls of a message as servers stream them: the name first, then the arguments in two halves."""
    found = []
    for index, call in enumerate(message.get("tool_calls", ())):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        found.append({**call, "index": index, "function": {"name": name, "arguments": ""}})
        for half in (arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
            found.append({"index": index, "function": {"arguments": half}})
    return [{"tool_calls": [piece]} for piece in found]


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


def settings(home: Path, *, upstream: bool | dict[str, Any] = False, **given: Any) -> Settings:
    """Settings of a door in a test: no environment, no encoder. upstream: whether there is one, or its own settings."""
    given["server"] = {"encoder": "none", **given.get("server", {})}
    if upstream:
        given["upstream"] = {"url": UPSTREAM, "rest": 5.0, **(upstream if isinstance(upstream, dict) else {})}
    return load(environment={}, home=home, **given)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opener]:
    """Opens doors that are closed after the test: ``opened(model=tiny)`` or ``opened(upstream=True)``."""
    with ExitStack() as stack:

        def open(*, model: HFModel | None = None, clock: Any = None, tracer: Any = None, **given: Any) -> Running:
            stub = Stub()
            transport = httpx.MockTransport(stub)
            more = {"tracer": tracer, **({"clock": clock} if clock else {})}
            home = given.pop("home", tmp_path / "home")
            service = Service(settings(home, **given), model=model, transport=transport, **more)
            http = stack.enter_context(TestClient(create(service), base_url=ADDRESS))
            return Running(service, http, stub)

        yield open


@pytest.fixture
def relay(opened: Opener) -> Running:
    """A door before the stub."""
    return opened(upstream=True)


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the server's own configuration writes."""
    written = io.StringIO()
    configuration = logs.configuration()
    configuration["handlers"]["out"]["stream"] = written
    before = {name: logging.getLogger(name).handlers[:] for name in configuration["loggers"]}
    logging.config.dictConfig(configuration)
    yield written
    for name, handlers in before.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate, logger.level = handlers, True, logging.NOTSET


@pytest.fixture
def tracer(spans: InMemorySpanExporter) -> TracerProvider:
    """A provider whose spans are there as soon as they end."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return provider
