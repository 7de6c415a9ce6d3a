"""Forgetting: what fades unless it is recalled, what goes when there is no room, what ends on a day.

    retention = exp(-days since the last recall / strength)        (Ebbinghaus 1885, as MemoryBank uses it)
    strength  = 1 + number of recalls                              each recall also starts the days anew
    heat      = recalls / (1 + days since the last recall)         capacity by heat drops the coldest

Pinned memories never go. Everything here is a pure function of traces: what it names can then be deleted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

DAY = 86400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """When a memory came, when and how often it was recalled (POSIX seconds), until when it holds."""

    id: str
    time: float
    recalled: float | None = None
    recalls: int = 0
    until: float | None = None
    pinned: bool = False


def recall(trace: Trace, now: float) -> Trace:
    """The trace after one more recall."""
    return replace(trace, recalled=now, recalls=trace.recalls + 1)


def retention(trace: Trace, now: float) -> float:
    """In (0, 1]: 1 at the last recall, 1/e after as many days as it is strong."""
    return math.exp(-_days(trace, now) / (1 + trace.recalls))


def heat(trace: Trace, now: float) -> float:
    """Recalls, less the longer ago the last one was."""
    return trace.recalls / (1 + _days(trace, now))


ORDERS: dict[str, Callable[[Trace, float], tuple[float, ...]]] = {
    "heat": lambda trace, now: (heat(trace, now), trace.time),
    "lfu": lambda trace, now: (trace.recalls, trace.recalled or trace.time),
    "fifo": lambda trace, now: (trace.time,),
}


def faded(traces: Iterable[Trace], now: float, floor: float) -> list[str]:
    """Ids of what is retained less than `floor`."""
    return [t.id for t in traces if not t.pinned and retention(t, now) < floor]


def expired(traces: Iterable[Trace], now: float) -> list[str]:
    """Ids of what ended."""
    return [t.id for t in traces if not t.pinned and t.until is not None and t.until <= now]


def crowded_out(traces: Sequence[Trace], now: float, capacity: int, by: str = "heat") -> list[str]:
    """Ids of what goes so that no more than `capacity` stay, first to go first; pinned ones count and stay.

    Args:
        by: "heat" drops the coldest, "lfu" the least often recalled, "fifo" the oldest.
    """
    loose = sorted((t for t in traces if not t.pinned), key=lambda t: (*ORDERS[by](t, now), t.id))
    return [t.id for t in loose[: max(len(traces) - capacity, 0)]]


def _days(trace: Trace, now: float) -> float:
    last = trace.time if trace.recalled is None else trace.recalled
    return max(now - last, 0.0) / DAY
