"""One user at fifty times the load of the others, readers who do not read, adapters of more users than fit: what the
others wait, and what stays behind."""

from __future__ import annotations

import json
import os
import resource
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
import torch

from idiolect.adaptation.adapters.examples import Owned
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import load
from idiolect.core.idiolect import Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Key, Sampling, Trained
from idiolect.generation.engine import Engine
from idiolect.governance import derived
from idiolect.governance.view import view
from idiolect.models.hf import HFModel
from idiolect.training.parts import low_rank
from live import serving, until

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

POLITE, ASKS, TOKENS, LOAD = 8, 12, 16, 50
NAME, SITE, QUESTION = "random-llama-0", "model.layers.0.self_attn.q_proj", "how are you today?"
MANY = [pytest.param(8, marks=pytest.mark.slow), pytest.param(1000, marks=pytest.mark.long)]
PEOPLE = [pytest.param(12, marks=pytest.mark.slow), pytest.param(10_000, marks=pytest.mark.long)]


@contextmanager
def door(home: Path, model: HFModel, **limits: int) -> Iterator[tuple[Service, str]]:
    """A service on a socket, and its address."""
    given: dict[str, Any] = {"server": {"port": 0, "encoder": "none"}, "limits": limits, "trust_local": True}
    with serving(load(environment={}, home=home, **given), model=model) as found:
        yield found


def body(user: str, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": QUESTION}]
    return {"model": NAME, "messages": messages, "user": user, "max_tokens": TOKENS, **more}


@contextmanager
def unread(address: str, count: int) -> Iterator[list[socket.socket]]:
    """So many streams that were asked for by readers who do not read."""
    host, port = address.removeprefix("http://").split(":")
    left: list[socket.socket] = []
    try:
        for i in range(count):
            said = json.dumps(body(f"slow{i}", stream=True)).encode()
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            left.append(socket.create_connection((host, int(port)), timeout=600))
            left[-1].sendall(f"{head}Content-Length: {len(said)}\r\n\r\n".encode() + said)
        yield left
    finally:
        for one in left:
            one.close()


def files(kind: str = "") -> int:
    """Open files of this process, or those of a kind."""
    return sum(os.path.realpath(f"/proc/self/fd/{n}").rpartition("/")[2].startswith(kind) for n in _open())


def _open() -> list[str]:
    return [n for n in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{n}")]


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
def roomy() -> Iterator[None]:
    """As many open files as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("count", MANY)
def test_readers_who_do_not_read_hold_nobody_up_and_leave_nothing_behind(
    tmp_path: Path, llama: HFModel, socket_enabled: None, roomy: None, count: int
) -> None:
    with door(tmp_path / "home", llama, rows=4, queue=2 * count, each=4) as (service, address):
        httpx.post(f"{address}/v1/chat/completions", json=body("ann"), timeout=120)
        local, sockets, left = service.local, files("socket:"), list[tuple[int, int]]()
        assert local is not None
        for _ in range(3):
            with unread(address, count) as streams:
                for stream in streams:
                    stream.recv(1, socket.MSG_PEEK)  # it has begun
                found = httpx.post(f"{address}/v1/chat/completions", json=body("ann"), timeout=600)
                assert found.json()["usage"]["completion_tokens"] == TOKENS
            until(lambda: local.running + local.waiting == 0, 600)
            until(lambda: files("socket:") <= sockets, 120)
            assert not local.model.engine.active
            assert all(lane.memory is None for lane in local.model.engine.lanes.values())
            left.append((files(), resident()))
    assert left[-1][0] <= left[0][0]  # as after the first time, when everybody's folder had been opened
    assert left[-1][1] <= 1.1 * left[0][1]


def lora(i: int) -> Edit:
    generator = torch.Generator().manual_seed(i)
    rows = {"A": torch.randn(2, 32, generator=generator), "B": torch.randn(32, 2, generator=generator)}
    return Edit(site=SITE, formula=low_rank, rows={**rows, "scale": torch.tensor(1.0)}, cached_as=f"user{i}")


def learnt(door: Running, i: int) -> None:
    """A user's adapter, as a method would have published it."""
    person, store = door.user(f"user{i}"), door.service.space("default").store
    person.consent("assist", "train")
    person.add(f"I am user {i}")
    data, local = view(store, person.id, purpose="train"), door.service.local
    assert local is not None
    own = Owned(trained=Trained(edits=(lora(i),)), sources=tuple(data.lineage), upto=data.records[-1].id)
    about = {"method": "oppu", "options": {}, "model": "", "base": local.model.digest, "seed": 0, "plan": ""}
    derived.keep(store, "oppu", {**about, "losses": [], "own": own}, [data], user=person.id, purpose="train")


@pytest.mark.parametrize("people", PEOPLE)
def test_adapters_of_more_users_than_fit_are_each_ones_own(opened: Opener, people: int) -> None:
    model = HFModel.random("llama")
    model.engine = Engine(model.models, slots=4)
    door = opened(model=model, feedback={"adapter": ""})
    for i in range(people):
        learnt(door, i)
    door.service.kept.own.room = 3 * 2000  # bytes: those of a few users
    zipf = 1 / np.arange(1, people + 1)
    asked = np.random.default_rng(0).choice(people, 4 * min(people, 500), p=zipf / zipf.sum()).tolist()

    def answer(i: int) -> str:
        given = {**body(f"user{i}"), "idiolect": {"pipeline": "oppu"}}
        found = door.http.post("/v1/chat/completions", json=given, headers=door.bearer).json()
        assert (found["idiolect"]["methods"], found["idiolect"]["degraded"]) == (["oppu"], [])
        return str(found["choices"][0]["message"]["content"])

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answer, asked))
    assert len(door.service.kept.own._held) < min(people, 12)
    assert len(set(answers)) > len(set(asked)) // 2
    alone = HFModel.random("llama")
    for i in dict.fromkeys(asked[:64]):
        mine = Idiolect(streams=(Stream(edits=(lora(i),)),))
        request = Ask(query=ask("", QUESTION), idiolect=mine, sampling=Sampling(max_tokens=TOKENS))
        ((expected,),) = alone.answer([request], [Key()])
        assert {text for j, text in zip(asked, answers, strict=True) if j == i} == {expected}


def slowest(address: str, greedy: int, slow: int) -> tuple[float, int]:
    """(95th percentile of what the polite wait, requests refused) beside a user with `greedy` requests at a time, and
    `slow` readers who do not read."""
    over, times, refused = threading.Event(), list[float](), [0]
    client = httpx.Client(base_url=address, timeout=300, limits=httpx.Limits(max_connections=None))

    def waited(who: str) -> httpx.Response:
        return client.post("/v1/chat/completions", json=body(who))

    def polite(who: str) -> None:
        for _ in range(ASKS):
            began = time.perf_counter()
            assert waited(who).status_code == 200
            times.append(time.perf_counter() - began)

    def pressing() -> None:
        while not over.is_set():
            found = waited("greedy")
            if found.status_code == 429:
                assert int(found.headers["Retry-After"]) >= 1
                refused[0] += 1
                time.sleep(0.01)

    with client, unread(address, slow):
        pressed = [threading.Thread(target=pressing) for _ in range(greedy)]
        asked = [threading.Thread(target=polite, args=(f"user{i}",)) for i in range(POLITE)]
        for thread in (*pressed, *asked):
            thread.start()
        for thread in asked:
            thread.join()
        over.set()
        for thread in pressed:
            thread.join()
    return float(np.quantile(times, 0.95)), refused[0]


@pytest.mark.long
def test_others_wait_at_most_twice_as_long_as_beside_as_many_polite_users(
    tmp_path: Path, llama: HFModel, socket_enabled: None
) -> None:
    with door(tmp_path / "home", llama, rows=4, queue=128, each=32) as (_, address):
        slowest(address, 1, 1)  # warm
        beside, _ = slowest(address, 1, 1)  # two more who ask like the others
        pressed, refused = slowest(address, LOAD, LOAD)
    assert refused > 0
    assert pressed <= 2 * beside, f"{pressed:.3f} s beside {LOAD} requests at a time, {beside:.3f} s beside one"
