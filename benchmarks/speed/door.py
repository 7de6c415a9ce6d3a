"""What the local engine gives behind the door: many users at once, personal answers, the first word of a stream.

A decoder of 14 M random weights, which ends no answer by itself. Counts: IDIOLECT_BENCH_ANSWERS (20), of each kind in a
round.
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from statistics import quantiles
from typing import Any

from adapters import edits, row
from ratio import Row

from idiolect.adaptation.prompting.retrieval.ipa import IPA
from idiolect.applications.server.answering.local import Local
from idiolect.applications.server.settings import Limits
from idiolect.core.idiolect import Block, Idiolect, Stream
from idiolect.core.layout import HISTORY, ask
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.core.types import Turn
from idiolect.data.store import MemoryStore
from idiolect.governance.view import view
from idiolect.models.hf import HFModel

ANSWERS = int(os.environ.get("IDIOLECT_BENCH_ANSWERS", "20"))
CROWD, ROUNDS = 32, 3
SHOWN, RECORDS = 10, 100  # records of about twenty tokens each, so that two hundred stand in the prompt
WORDS = ("a", "film", "about", "ships", "and", "the", "sea", "where", "two", "old", "friends", "meet", "in", "winter")
Made = Callable[[int], Ask]


def text(model: HFModel, tokens: int, draw: random.Random) -> str:
    """Words that are about so many tokens."""
    said: list[str] = []
    while len(model.tokenizer(" ".join(said), add_special_tokens=False)["input_ids"]) < tokens:
        said.append(draw.choice(WORDS))
    return " ".join(said)


async def answer(local: Local, ask: Ask, number: int) -> tuple[int, float, float]:
    """(tokens, seconds to the first piece, seconds) of one answer."""
    began, first, tokens = time.perf_counter(), 0.0, 0
    async for job, _ in local.pieces(ask, Key(user=str(number)), str(number)):
        first = first or time.perf_counter() - began
        tokens = job.completion_tokens
    return tokens, first, time.perf_counter() - began


def behind(model: HFModel, work: Callable[[Local], Awaitable[Any]]) -> Any:
    """What comes of some work with a running engine."""

    async def whole() -> Any:
        local = Local(model, Limits())
        local.start()
        try:
            return await work(local)
        finally:
            await asyncio.to_thread(local.stop)

    return asyncio.run(whole())


def crowd(model: HFModel, prompt: int, new: int, goal: float | None) -> Row:
    """Tokens a second of 32 users who ask at once, over those of one."""
    draw = random.Random(0)
    asks = [Ask(query=ask("", text(model, prompt, draw)), sampling=Sampling(max_tokens=new)) for _ in range(CROWD)]

    async def speed(local: Local, users: int) -> float:
        began = time.perf_counter()
        made = await asyncio.gather(*(answer(local, asks[n], n) for n in range(users)))
        return sum(tokens for tokens, _, _ in made) / (time.perf_counter() - began)

    async def work(local: Local) -> list[float]:
        await speed(local, CROWD)
        return [await speed(local, CROWD) / await speed(local, 1) for _ in range(ROUNDS)]

    id = f"tokens a second: {CROWD} users at once / one, {prompt} + {new} tokens"
    return row(id, behind(model, work), goal, "higher", "door")


def personal(model: HFModel) -> tuple[Made, Made]:
    """Requests with retrieved records and a LoRA of his own; and with as much text that is nobody's."""
    draw, store, method = random.Random(1), MemoryStore(), IPA(k=SHOWN)
    store.append("ann", [Turn(id=f"{n}", text=text(model, 18, draw)) for n in range(RECORDS)])
    own, sampling = edits(model, 1, "q,v"), Sampling(max_tokens=24)

    def ours(number: int) -> Ask:
        query = ask("", f"{WORDS[number % len(WORDS)]} and more")
        made = method.condition(view(store, "ann"), query, None, None)
        return Ask(query=query, idiolect=Idiolect(streams=(replace(made.streams[0], edits=own),)), sampling=sampling)

    def theirs(number: int) -> Ask:
        asked = ours(number)
        lines = asked.idiolect.streams[0].context[0].lines
        words = " ".join(lines).split()
        draw.shuffle(words)
        block = Block(heading=HISTORY, lines=(" ".join(words),))
        return replace(asked, idiolect=Idiolect(streams=(Stream(context=(block,)),)))

    return ours, theirs


def tail(model: HFModel) -> Row:
    """p95 of a personal answer over that of one with the same length of prompt; `theirs` is made before its clock."""
    ours, theirs = personal(model)

    async def p95(local: Local, made: Made, ready: bool) -> float:
        spent = []
        for number in range(ANSWERS):
            asked = made(number)
            began = time.perf_counter()
            await answer(local, asked if ready else made(number), number)
            spent.append(time.perf_counter() - began)
        return quantiles(spent, n=20)[-1]

    async def work(local: Local) -> list[float]:
        await p95(local, ours, False)
        return [await p95(local, ours, False) / await p95(local, theirs, True) for _ in range(ROUNDS)]

    return row("p95 with ipa and a LoRA on q,v / neutral text as long", behind(model, work), 1.15, "lower", "door")


def first(model: HFModel) -> Row:
    """Seconds to the first piece of a stream of 64 tokens, over those of an answer of one token."""
    query = ask("", text(model, 64, random.Random(2)))
    asks = [Ask(query=query, sampling=Sampling(max_tokens=tokens)) for tokens in (64, 1)]

    async def work(local: Local) -> list[float]:
        ratios = []
        for number in range(ANSWERS):
            _, began, _ = await answer(local, asks[0], number)
            _, _, whole = await answer(local, asks[1], number)
            ratios.append(began / whole)
        return ratios[1:]

    return row("first piece of a stream of 64 / an answer of one token", behind(model, work), None, "lower", "door")


def pairs() -> Iterator[Row]:
    """The rows."""
    model = HFModel.random("llama", layers=6, width=512)
    yield crowd(model, 64, 48, 4.0)
    yield crowd(model, 264, 16, None)
    yield tail(model)
    yield first(model)
