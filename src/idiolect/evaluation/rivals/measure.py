"""What is measured of several systems in one run: finding, leaking, writing, erasing, bytes.

The systems take turns at each text and each question, and another one begins each time: whatever else the machine does
meets all of them alike, so that their ratios can be carried elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np

from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.rivals import System
from idiolect.evaluation.rivals.load import Asked, Load, Said

K = 10
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Figures of one system.

    recall: the share of what answers a question among ten found, with limits over users; over questions where there is
    one user. first: whether what answers it is found first; session: whether the first was said in the right session,
    None where there are none. leaks: texts of other users among what was found. adds, search: what putting off costs
    counted in. slower: processor's time of the last tenth of additions over the first's. left: texts that are found
    after their user was erased. residue: files that still hold an erased text.
    """

    system: str
    memories: int
    recall: Row
    first: Row
    session: Row | None
    leaks: int
    adds: Speed
    slower: float
    search: Speed
    bytes_per_memory: float
    erase_ms: float
    left: int
    residue: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """Of one kind of call: median and 95th percentile in milliseconds of the clock, median milliseconds of the
    processor, calls a second of the clock and of the processor."""

    ms: float
    ms_95: float
    busy_ms: float
    a_second: float
    a_busy_second: float


@dataclass(slots=True)
class Clock:
    """Seconds of the clock and of the processor, call by call; `late`: those of work that was put off."""

    wall: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    late: tuple[float, float] = (0.0, 0.0)

    def time(self, work: Callable[[], T]) -> T:
        """Runs it, and notes both times."""
        (wall, busy), found = _timed(work)
        self.wall.append(wall)
        self.busy.append(busy)
        return found

    def speed(self) -> Speed:
        """What the calls took; what was put off counts in the rates."""
        count = len(self.wall)
        return Speed(
            ms=1000 * float(np.median(self.wall)),
            ms_95=1000 * float(np.percentile(self.wall, 95)),
            busy_ms=1000 * float(np.median(self.busy)),
            a_second=count / max(sum(self.wall) + self.late[0], 1e-9),
            a_busy_second=count / max(sum(self.busy) + self.late[1], 1e-9),
        )


@dataclass(slots=True)
class Run:
    """One system, the folder that it writes to, and what it did so far."""

    system: System
    folder: Path
    adds: Clock = field(default_factory=Clock)
    searches: Clock = field(default_factory=Clock)
    found: list[list[tuple[str, str]]] = field(default_factory=list)

    def add(self, user: str, said: Said) -> None:
        """Keeps a text."""
        self.adds.time(lambda: self.system.add(user, said))

    def settle(self) -> None:
        """Does what it put off."""
        self.adds.late, _ = _timed(self.system.settle)

    def search(self, asked: Asked) -> None:
        """Asks, and keeps what was found."""
        self.found.append(self.searches.time(lambda: self.system.search(asked.user, asked.query, K)))


def measured(runs: Sequence[Run], load: Load) -> list[Measured]:
    """Fills the systems, which are empty, asks them, erases their first user."""
    for run in runs:
        run.system.add("nobody", Said("The first call opens what is opened late."))
        run.system.search("nobody", "What does the first call open?", K)
    texts = [(user, said) for user, told in load.said.items() for said in told]
    for n, (user, said) in enumerate(texts):
        for run in _turned(runs, n):
            run.add(user, said)
    for run in runs:
        run.settle()
    for n, asked in enumerate(load.asked):
        for run in _turned(runs, n):
            run.search(asked)
    return [_reduced(run, load) for run in runs]


def _turned(runs: Sequence[Run], n: int) -> list[Run]:
    start = n % len(runs)
    return [*runs[start:], *runs[:start]]


def _reduced(run: Run, load: Load) -> Measured:
    pairs = list(zip(run.found, load.asked, strict=True))
    several = len(load.said) > 1
    owners = [asked.user if several else str(n) for n, asked in enumerate(load.asked)]
    label = Label("all", run.system.name)
    where = {user: _sessions(told) for user, told in load.said.items()}
    session = [bool(hits) and bool(where[a.user].get(hits[0][0], set()) & a.sessions) for hits, a in pairs]
    size = sum(p.stat().st_size for p in run.folder.rglob("*") if p.is_file())
    erase_ms, left, residue = _erased(run, load)
    busy = run.adds.busy
    tenth = max(1, len(busy) // 10)
    return Measured(
        system=run.system.name,
        memories=len(busy),
        recall=mean(label, f"R@{K}", [_recall([text for text, _ in hits], a) for hits, a in pairs], owners),
        first=mean(label, "Hit@1", [bool(hits) and hits[0][0] in a.wanted for hits, a in pairs], owners),
        session=mean(label, "session Hit@1", session, owners) if any(a.sessions for a in load.asked) else None,
        leaks=sum(owner != a.user for hits, a in pairs for _, owner in hits),
        adds=run.adds.speed(),
        slower=sum(busy[-tenth:]) / max(sum(busy[:tenth]), 1e-9),
        search=run.searches.speed(),
        bytes_per_memory=size / len(busy),
        erase_ms=erase_ms,
        left=left,
        residue=residue,
    )


def _recall(texts: list[str], asked: Asked) -> float:
    return sum(text in texts[:K] for text in asked.wanted) / len(asked.wanted)


def _sessions(told: Sequence[Said]) -> dict[str, set[str]]:
    """By text, the sessions in which it was said."""
    found: dict[str, set[str]] = {}
    for said in told:
        found.setdefault(said.text, set()).add(said.session)
    return found


def _timed(work: Callable[[], T]) -> tuple[tuple[float, float], T]:
    """Seconds of the clock and of the processor, and what it gave."""
    wall, busy = time.perf_counter(), time.process_time()
    found = work()
    return (time.perf_counter() - wall, time.process_time() - busy), found


def _erased(run: Run, load: Load) -> tuple[float, int, tuple[str, ...]]:
    """Milliseconds to erase the first user, what is still found of him, and which files still hold his first text."""
    user, told = next(iter(load.said.items()))
    (spent, _), _ = _timed(lambda: run.system.erase(user))
    left = len(run.system.search(user, told[0].text, K))
    needle = told[0].text.encode()
    files = [p for p in sorted(run.folder.rglob("*")) if p.is_file() and needle in p.read_bytes()]
    return 1000 * spent, left, tuple(str(p.relative_to(run.folder)) for p in files)
