"""One user at fifty times the load of the others: how long the others wait."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from idiolect.applications.server.answering.local import Local
from idiolect.applications.server.errors import Refusal
from idiolect.applications.server.settings import Limits
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Key, Sampling

if TYPE_CHECKING:
    from idiolect.models.hf import HFModel

POLITE, ASKS, TOKENS, LOAD = 8, 12, 16, 50
REQUEST = Ask(query=ask("", "how are you today?"), sampling=Sampling(max_tokens=TOKENS))


def waited(local: Local, who: str) -> float:
    """Seconds until an answer is whole."""
    whole, began = threading.Event(), time.perf_counter()

    def tell(piece: object) -> None:
        if getattr(piece, "finish", "error"):
            whole.set()

    local.submit(REQUEST, Key(), who, tell)
    whole.wait(120)
    return time.perf_counter() - began


def slowest(model: HFModel, greedy: int) -> tuple[float, int]:
    """(95th percentile of what the polite wait, requests refused) beside a user with `greedy` requests at a time."""
    local, over = Local(model, Limits(rows=4, queue=128, each=32)), threading.Event()
    times: list[float] = []
    refused = [0]
    local.start()

    def polite(who: str) -> None:
        times.extend(waited(local, who) for _ in range(ASKS))

    def pressing() -> None:
        while not over.is_set():
            try:
                waited(local, "greedy")
            except Refusal as refusal:
                refused[0] += refusal.status == 429
                time.sleep(0.01)

    pressed = [threading.Thread(target=pressing) for _ in range(greedy)]
    asked = [threading.Thread(target=polite, args=(f"user{i}",)) for i in range(POLITE)]
    for thread in (*pressed, *asked):
        thread.start()
    for thread in asked:
        thread.join()
    over.set()
    for thread in pressed:
        thread.join()
    local.stop()
    return float(np.quantile(times, 0.95)), refused[0]


@pytest.mark.long
def test_others_wait_at_most_twice_as_long_as_beside_as_many_polite_users(llama: HFModel) -> None:
    slowest(llama, 1)  # warm
    beside, _ = slowest(llama, 1)  # one more who asks like the others
    pressed, refused = slowest(llama, LOAD)
    assert refused > 0
    assert pressed <= 2 * beside, f"{pressed:.3f} s beside {LOAD} requests at a time, {beside:.3f} s beside one"
