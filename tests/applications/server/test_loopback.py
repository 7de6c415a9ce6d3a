"""A door on a real socket of this machine: streams as they come, and clients that go away."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from idiolect.applications.server.run import bound, greeting
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import load
from idiolect.core.errors import BadInput
from live import serving, until

if TYPE_CHECKING:
    from idiolect.generation.row import Row
    from idiolect.models.hf import HFModel

LONG = {
    "model": "random-llama-0",
    "messages": [{"role": "user", "content": "hello"}],
    "max_tokens": 1500,
    "temperature": 0,
}


@pytest.fixture
def served(tmp_path: Path, llama: HFModel, socket_enabled: None) -> Iterator[tuple[Service, str]]:
    """A service and its address."""
    given = {"server": {"port": 0, "encoder": "none"}, "home": tmp_path / "home", "trust_local": True}
    step = llama.engine.step

    def slow() -> list[Row]:
        time.sleep(0.005)  # an answer is then longer than any test looks
        return step()

    with serving(load(environment={}, **given), model=llama) as found, pytest.MonkeyPatch.context() as patch:
        patch.setattr(llama.engine, "step", slow)
        yield found


def test_the_first_token_is_sent_long_before_the_last_is_written(served: tuple[Service, str]) -> None:
    service, address = served
    body = {**LONG, "stream": True}
    with httpx.stream("POST", f"{address}/v1/chat/completions", json=body, timeout=60) as response:
        lines = response.iter_lines()
        assert next(lines).startswith("data: ")
        assert service.local is not None
        assert service.local.running == 1


def test_a_client_that_leaves_a_stream_leaves_the_batch(served: tuple[Service, str]) -> None:
    service, address = served
    local = service.local
    assert local is not None
    with httpx.stream("POST", f"{address}/v1/chat/completions", json={**LONG, "stream": True}, timeout=60) as response:
        next(response.iter_lines())
        until(lambda: len(local.model.engine.active) == 1)  # the first line goes out before the first step
        rows = list(local.model.engine.active)
    until(lambda: local.running == 0, 20)
    assert rows[0].finish == "cancelled"


def test_a_client_that_does_not_wait_for_a_whole_answer_leaves_the_batch(served: tuple[Service, str]) -> None:
    service, address = served
    local = service.local
    assert local is not None
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/v1/chat/completions", json=LONG, timeout=httpx.Timeout(30, read=0.3))
    until(lambda: local.running == local.waiting == 0, 20)


def test_a_client_that_leaves_a_stream_before_its_first_word_leaves_the_line(served: tuple[Service, str]) -> None:
    service, address = served
    local = service.local
    assert local is not None
    begun, held = threading.Event(), threading.Event()
    work = threading.Thread(target=local.call, args=(lambda: (begun.set(), held.wait(60)),))
    work.start()
    begun.wait(20)
    body = {**LONG, "stream": True}
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{address}/v1/chat/completions", json=body, timeout=httpx.Timeout(30, read=0.5))
    try:
        until(lambda: local.waiting == 0, 10)
    finally:
        held.set()
        work.join()


def test_a_port_in_use_is_refused_with_the_fix(served: tuple[Service, str], tmp_path: Path) -> None:
    service, _ = served
    with pytest.raises(BadInput, match="--port"):
        bound(service.settings)


def test_the_greeting_names_the_address_and_the_way_in(served: tuple[Service, str]) -> None:
    service, address = served
    assert f"{address}/v1" in greeting(service)[0]
    service.door.token = "t0ken"
    assert greeting(service)[1:] == [f"page:  {address}/#token=t0ken", "token: t0ken"]
