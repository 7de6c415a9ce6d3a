"""Clients that go away at any moment: nobody gets another's answer, and nothing is left behind."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from idiolect.applications.server.answering import writers
from idiolect.applications.server.answering.chat import prepared
from idiolect.applications.server.speakers.identity import EVERYTHING, Speaker

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel

ANYBODY = Speaker(id="local", kind="app", space="default", scopes=EVERYTHING)


def body(user: str) -> dict[str, Any]:
    messages = [{"role": "user", "content": "who is my sister?"}]
    return {"model": "random-llama-0", "messages": messages, "user": user, "max_tokens": 12}


async def answered(door: Running, user: str, pause: float) -> str:
    """A streamed answer, read as slowly as its client reads."""
    text, exchange = "", await asyncio.to_thread(prepared, door.service, ANYBODY, body(user))
    assert exchange.user == user
    async for chunk in writers.chunks(door.service, exchange):
        text += "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
        await asyncio.sleep(pause)
    return text


async def crowd(door: Running, users: list[str], seed: int) -> Mapping[str, str]:
    """What those heard who stayed; some leave at a random moment, some read slowly."""
    chance, heard = random.Random(seed), dict[str, str]()

    async def client(user: str) -> None:
        heard[user] = await answered(door, user, chance.choice((0, 0, 0.005)))

    tasks = [asyncio.create_task(client(user)) for user in users]
    for task in chance.sample(tasks, len(tasks) // 2):
        await asyncio.sleep(chance.random() * 0.02)
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return heard


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.slow)])
def test_whoever_stays_hears_his_own_answer_and_whoever_leaves_leaves_nothing(
    opened: Opener, llama: HFModel, rounds: int
) -> None:
    door = opened(model=llama, limits={"rows": 3})
    local = door.service.local
    assert local is not None
    users = [f"user{i}" for i in range(8)]
    for user in users:
        door.user(user).add(f"my sister is called {user * 3}")
    alone = {user: asyncio.run(answered(door, user, 0)) for user in users}
    assert len(set(alone.values())) > 1
    stayed = 0
    for seed in range(rounds):
        heard = asyncio.run(crowd(door, users, seed))
        assert {user: alone[user] for user in heard} == heard
        stayed += len(heard)
        end = time.monotonic() + 30
        while local.running or local.waiting:
            assert time.monotonic() < end, "somebody who left is still being answered"
            time.sleep(0.005)
    assert stayed >= rounds * len(users) // 2
    assert {user: asyncio.run(answered(door, user, 0)) for user in users} == alone
