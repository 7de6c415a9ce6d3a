"""Told to stop, a server takes nobody in and answers to the end whoever it has begun to answer."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn

import idiolect
from idiolect.applications.server.settings import load
from live import serving, until

if TYPE_CHECKING:
    from idiolect.generation.row import Row
    from idiolect.models.hf import HFModel

BEFORE, AFTER = ("one ", "two "), ("three ", "four.")
FINISHED = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


class Upstream:
    """Streams two words, and the rest once it is let."""

    def __init__(self) -> None:
        self.let = threading.Event()
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for word in BEFORE:
                    self.tell({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
                upstream.let.wait(120)
                for word in AFTER:
                    self.tell({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
                self.tell(FINISHED)
                self.wfile.write(b"data: [DONE]\n\n")

            def tell(self, chunk: dict[str, Any]) -> None:
                head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "small"}
                self.wfile.write(f"data: {json.dumps({**head, **chunk})}\n\n".encode())
                self.wfile.flush()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self) -> None:
        self.let.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def process(home: Path, url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`idiolect serve`, and its address."""
    words = ["serve", "--home", str(home), "--port", "0", "--trust-local", "--upstream", url]
    environment = {**os.environ, "IDIOLECT_SERVER_ENCODER": "none"}
    called = [sys.executable, "-m", "idiolect", *words]
    with subprocess.Popen(called, stdout=subprocess.PIPE, text=True, env=environment) as running:
        try:
            assert running.stdout
            address = next(m[1] for line in running.stdout if (m := re.match(r"page: +(http://[^ /]+)", line)))
            until(lambda: answers(address))
            yield running, address
        finally:
            running.kill()


def answers(address: str) -> bool:
    """Whether somebody new is taken in."""
    try:
        return httpx.get(f"{address}/healthz", timeout=60).status_code == 200
    except httpx.ConnectError:
        return False


def body(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "small", "messages": [{"role": "user", "content": text}], "user": "ann", "stream": True, **more}


def told(lines: list[str]) -> tuple[str, dict[str, Any]]:
    """(the text, the last chunk) of a stream that ended as it should."""
    chunks = [line.removeprefix("data: ") for line in lines if line]
    assert chunks[-1] == "[DONE]"
    found = [json.loads(chunk) for chunk in chunks[:-1]]
    return "".join(c["delta"].get("content") or "" for x in found for c in x["choices"]), found[-1]


@pytest.mark.slow
def test_after_sigterm_nobody_is_taken_in_and_a_stream_ends_whole(tmp_path: Path, socket_enabled: None) -> None:
    upstream, lines = Upstream(), list[str]()
    try:
        with process(tmp_path / "home", upstream.url) as (running, address):
            asked = body("My sister lives in Kyoto")
            with httpx.stream("POST", f"{address}/v1/chat/completions", json=asked, timeout=120) as response:
                for line in response.iter_lines():
                    lines.append(line)
                    if BEFORE[-1] in line:
                        running.send_signal(signal.SIGTERM)
                        until(lambda: not answers(address))
                        assert running.poll() is None
                        upstream.let.set()
            assert running.wait(120) in (0, -signal.SIGTERM)
    finally:
        upstream.close()
    text, last = told(lines)
    assert text == "".join((*BEFORE, *AFTER))
    assert last["idiolect"]["remembered"] == 1
    with idiolect.open(tmp_path / "home", encoder=None) as space:
        assert [m["memory"] for m in space.user("ann").get_all()["results"]] == ["My sister lives in Kyoto"]


def test_what_the_engine_has_begun_to_write_is_written_to_its_end(
    tmp_path: Path, llama: HFModel, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, shutdown = llama.engine.step, uvicorn.Server.shutdown
    begun, stopping, lines = threading.Event(), threading.Event(), list[str]()

    def held() -> list[Row]:
        if begun.is_set():
            assert stopping.wait(60)  # no further token before the server is told to stop
        return step()

    async def stop(server: uvicorn.Server, sockets: Any = None) -> None:
        stopping.set()
        await shutdown(server, sockets)

    def follow(address: str) -> None:
        with httpx.stream("POST", f"{address}/v1/chat/completions", json=asked, timeout=120) as response:
            for line in response.iter_lines():
                lines.append(line)
                begun.set()

    monkeypatch.setattr(llama.engine, "step", held)
    monkeypatch.setattr(uvicorn.Server, "shutdown", stop)
    settings = load(environment={}, server={"port": 0, "encoder": "none"}, home=tmp_path / "home", trust_local=True)
    asked = body("hello", model="random-llama-0", max_tokens=24)
    with serving(settings, model=llama) as (_, address):
        thread = threading.Thread(target=follow, args=(address,))
        thread.start()
        assert begun.wait(60)
    thread.join(60)
    _, last = told(lines)
    assert last["idiolect"]["tokens"]["completion"] == 24
    assert last["choices"][0]["finish_reason"] == "length"
