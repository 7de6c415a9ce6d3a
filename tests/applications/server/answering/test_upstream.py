"""The server behind us: what happens when it is busy, silent, gone or odd."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from idiolect.applications.server.answering import upstream as module
from idiolect.applications.server.answering.upstream import Upstream
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.settings import Upstream as Settings

GOOD = {"choices": []}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAIT", 0.001)


class Server:
    """Answers in the order given, the last for ever; an exception is raised."""

    def __init__(self, *answers: httpx.Response | Exception) -> None:
        self.answers, self.asked = list(answers), 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


def asked(server: Callable[[httpx.Request], httpx.Response], times: int = 1, **settings: Any) -> Any:
    """What the last of several posts gives."""

    async def run() -> Any:
        upstream = Upstream(Settings(url="http://up/v1", **settings), httpx.MockTransport(server))
        try:
            for _ in range(times - 1):
                with pytest.raises(Refusal):
                    await upstream.post("chat/completions", {})
            return await upstream.post("chat/completions", {})
        finally:
            await upstream.close()

    return asyncio.run(run())


def refused(server: Callable[[httpx.Request], httpx.Response], times: int = 1, **settings: Any) -> Refusal:
    with pytest.raises(Refusal) as error:
        asked(server, times, **settings)
    return error.value


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    server = Server(httpx.Response(status), httpx.Response(200, json=GOOD))
    assert asked(server) == GOOD
    assert server.asked == 2


def test_a_server_that_stays_busy_is_told_as_it_is() -> None:
    server = Server(httpx.Response(429, headers={"retry-after": "3"}))
    refusal = refused(server, retries=1)
    assert (refusal.status, refusal.headers["Retry-After"], server.asked) == (429, "3", 2)


def test_a_server_that_is_gone_is_502_and_one_that_is_silent_504() -> None:
    assert refused(Server(httpx.ConnectError("no"))).status == 502
    silent = Server(httpx.ReadTimeout("slow"))
    assert refused(silent).status == 504
    assert silent.asked == 1  # it may be at work already


def test_a_server_that_fails_time_after_time_is_left_alone_for_a_while() -> None:
    server = Server(httpx.ConnectError("no"))
    refusal = refused(server, times=4, breaker=3, retries=0, rest=60.0)
    assert (refusal.status, server.asked) == (503, 3)
    assert 1 <= int(refusal.headers["Retry-After"]) <= 60


def test_the_breaker_closes_again_after_its_rest() -> None:
    server = Server(httpx.ConnectError("no"), httpx.ConnectError("no"), httpx.Response(200, json=GOOD))
    assert asked(server, times=3, breaker=2, retries=0, rest=0.0) == GOOD


def test_a_key_that_the_upstream_refuses_is_no_fault_of_the_client() -> None:
    refusal = refused(Server(httpx.Response(401, json={"error": {"message": "bad key sk-secret"}})))
    assert refusal.status == 502
    assert "sk-secret" not in str(refusal.shape)


@pytest.mark.parametrize("content", [b"<html>", b"\xff", b""])
def test_an_answer_that_is_no_json_is_502(content: bytes) -> None:
    assert refused(Server(httpx.Response(200, content=content))).status == 502


def test_the_secret_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UP_KEY", "s3cret")
    seen: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return httpx.Response(200, json=GOOD)

    asked(server, key_variable="UP_KEY")
    assert seen == ["Bearer s3cret"]


def test_a_stream_that_breaks_off_says_so_after_what_came() -> None:
    async def content() -> Any:
        yield b'data: {"choices": [1]}\n\n'
        raise httpx.ReadError("gone")

    async def run() -> Any:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=content()))
        upstream = Upstream(Settings(url="http://up/v1"), transport)
        events = upstream.events("chat/completions", {})
        first = await anext(events)
        with pytest.raises(Refusal, match="broke off"):
            await anext(events)
        await upstream.close()
        return first

    assert asyncio.run(run()) == {"choices": [1]}


def streamed(*content: bytes | Exception) -> httpx.Response:
    async def body() -> Any:
        for piece in content:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    return httpx.Response(200, content=body())


@pytest.mark.parametrize(("error", "status"), [(httpx.ReadError("gone"), 502), (httpx.ReadTimeout("slow"), 504)])
def test_an_answer_that_breaks_off_is_told_like_one_that_never_began(error: Exception, status: int) -> None:
    refusal = refused(lambda request: streamed(b'{"choices"', error))
    assert refusal.status == status
    assert refused(lambda request: streamed(b"{", error), 4, breaker=3).status == 503  # and the breaker counts it


def events(*content: bytes) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        upstream = Upstream(Settings(url="http://up/v1"), httpx.MockTransport(lambda request: streamed(*content)))
        try:
            return [event async for event in upstream.events("chat/completions", {})]
        finally:
            await upstream.close()

    return asyncio.run(run())


def test_a_stream_that_just_ends_is_no_whole_answer() -> None:
    half = b'data: {"choices": [{"delta": {"content": "Ky"}, "finish_reason": null}]}\n\n'
    with pytest.raises(Refusal, match="before its end"):
        events(half)
    end = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    assert len(events(half, end)) == 2  # without [DONE], but it says why it ends
    assert len(events(half, b"data: [DONE]\n\n")) == 1


@pytest.mark.parametrize("said", [b"data: [1]\n\n", b"data: {\n\n"])
def test_what_is_no_object_in_a_stream_is_502(said: bytes) -> None:
    with pytest.raises(Refusal, match="no JSON object") as error:
        events(said)
    assert error.value.status == 502


@pytest.mark.parametrize(
    "body", [{"error": "no such model"}, {"object": "error", "message": "no such model"}, {"detail": "no such model"}]
)
def test_words_of_servers_that_shape_errors_otherwise_are_passed_on(body: dict[str, Any]) -> None:
    refusal = refused(Server(httpx.Response(404, json=body)))
    assert (refusal.status, refusal.message) == (404, "no such model")
    assert refusal.shape["error"]["message"] == "no such model"


def test_an_overflow_that_is_named_in_words_alone_is_known() -> None:
    words = "This model's maximum context length is 2048 tokens. However, you requested 3000 tokens."
    for body in ({"error": {"message": words, "code": 400}}, {"object": "error", "message": words, "code": 400}):
        assert refused(Server(httpx.Response(400, json=body))).code == "context_length_exceeded"


def test_leaving_a_stream_lets_go_of_its_connection() -> None:
    closed: list[bool] = []

    class Body(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            while True:
                yield b'data: {"choices": []}\n\n'

        async def aclose(self) -> None:
            closed.append(True)

    async def run() -> None:
        transport = httpx.MockTransport(lambda request: httpx.Response(200, stream=Body()))
        upstream = Upstream(Settings(url="http://up/v1"), transport)
        events = upstream.events("chat/completions", {})
        await anext(events)
        await events.aclose()
        await upstream.close()

    asyncio.run(run())
    assert closed == [True]
