"""A door on a real socket of this machine, for tests that need more than a client in the same process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn

from idiolect.applications.server.app import create
from idiolect.applications.server.run import bound
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import Settings


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Waits for something to hold."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to hold"
        time.sleep(0.01)


@contextmanager
def serving(settings: Settings, **more: Any) -> Iterator[tuple[Service, str]]:
    """A service that listens, and its address; `more` goes to the service."""
    with bound(settings) as listener:
        port = listener.getsockname()[1]
        service = Service(replace(settings, server=replace(settings.server, port=port)), **more)
        server = uvicorn.Server(uvicorn.Config(create(service), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            until(lambda: server.started)
            yield service, f"http://127.0.0.1:{port}"
        finally:
            server.should_exit = True
            thread.join(60)


def as_openai(patch: pytest.MonkeyPatch, service: Service, address: str) -> None:
    """The door is where OpenAI's client looks."""
    patch.setenv("OPENAI_BASE_URL", f"{address}/v1")
    patch.setenv("OPENAI_API_KEY", str(service.door.token))
