"""What is measured of a system, in one run: finding, leaking, writing, erasing, bytes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.evaluation.rivals import System, opened
from idiolect.evaluation.rivals.load import Load
from idiolect.evaluation.significance import Interval, paired
from idiolect.retrieval.protocol import Encoder

K = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Shares and milliseconds of one system.

    leaks: facts of other users among what was found. slower: CPU time of the last tenth of writes over the first's.
    left: facts that are found after their user was erased. residue: files that still hold an erased text.
    hits: by question, whether its fact is first: for comparisons.
    """

    system: str
    memories: int
    recall_1: float
    recall_10: float
    mrr: float
    leaks: int
    writes_per_second: float
    slower: float
    search_ms: float
    search_ms_95: float
    bytes_per_memory: float
    erase_ms: float
    left: int
    residue: tuple[str, ...]
    hits: tuple[float, ...]


def measured(name: str, load: Load, encoder: Encoder) -> Measured:
    """Opens a system in a folder of its own, fills it, asks it, erases its first user.

    Raises:
        UnknownName, MissingExtra: no such system, or its package is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        system = opened(name, Path(folder), encoder)
        try:
            return _run(system, load, Path(folder))
        finally:
            system.close()


def _run(system: System, load: Load, folder: Path) -> Measured:
    system.add("nobody", "The first call opens what is opened late.")
    system.search("nobody", "What does the first call open?", K)
    wall, cpu = [], []
    for user, facts in load.facts.items():
        for fact in facts:
            busy = time.process_time()
            wall.append(_seconds(lambda u=user, f=fact: system.add(u, f)))  # type: ignore[misc]
            cpu.append(time.process_time() - busy)
    found, spent = [], []
    for a in load.asked:
        start = time.perf_counter()
        found.append(system.search(a.user, a.query, K))
        spent.append(1000 * (time.perf_counter() - start))
    size = sum(p.stat().st_size for p in folder.rglob("*") if p.is_file())
    places = [_place([text for text, _ in hits], a.fact) for hits, a in zip(found, load.asked, strict=True)]
    erase_ms, left, residue = _erased(system, load, folder)
    tenth = max(1, len(cpu) // 10)
    return Measured(
        system=system.name,
        memories=len(wall),
        recall_1=float(np.mean([p == 1 for p in places])),
        recall_10=float(np.mean([p > 0 for p in places])),
        mrr=float(np.mean([1 / p if p else 0.0 for p in places])),
        leaks=sum(owner != a.user for hits, a in zip(found, load.asked, strict=True) for _, owner in hits),
        writes_per_second=len(wall) / sum(wall),
        slower=sum(cpu[-tenth:]) / max(sum(cpu[:tenth]), 1e-9),
        search_ms=float(np.median(spent)),
        search_ms_95=float(np.percentile(spent, 95)),
        bytes_per_memory=size / len(wall),
        erase_ms=erase_ms,
        left=left,
        residue=residue,
        hits=tuple(float(p == 1) for p in places),
    )


def _seconds(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _place(texts: list[str], fact: str) -> int:
    return texts.index(fact) + 1 if fact in texts else 0


def _erased(system: System, load: Load, folder: Path) -> tuple[float, int, tuple[str, ...]]:
    """Milliseconds to erase the first user, what is still found of him, and which files still hold his first text."""
    user, facts = next(iter(load.facts.items()))
    spent = 1000 * _seconds(lambda: system.erase(user))
    left = len(system.search(user, facts[0], K))
    needle = facts[0].encode()
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and needle in p.read_bytes()]
    return spent, left, tuple(str(p.relative_to(folder)) for p in files)


def ahead(one: Measured, other: Measured) -> Interval:
    """How much more often the first finds the fact at once, paired over questions."""
    return paired([a - b for a, b in zip(one.hits, other.hits, strict=True)])
