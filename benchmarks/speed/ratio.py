"""One row of the table of speeds: two sides measured in turn within one run, so that it carries to another machine."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import quantiles
from typing import Literal, TypeAlias

Work: TypeAlias = Callable[[], object]
Clock: TypeAlias = Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Ours over theirs. Both run once before they count; then in turn, `rounds` times.

    goal: the ratio to keep below ("lower") or above ("higher"); None where it is only reported.
    cpu: count the process's CPU seconds, not the clock on the wall.
    rate: the ratio of speeds, theirs' seconds over ours, where the goal is stated so.
    """

    id: str
    ours: Work
    theirs: Work
    goal: float | None = None
    better: Literal["lower", "higher"] = "lower"
    rounds: int = 5
    cpu: bool = False
    rate: bool = False


@dataclass(frozen=True, kw_only=True)
class Row:
    """One ratio: the median over rounds, its limits the quartiles."""

    id: str
    ratio: float
    low: float
    high: float
    goal: float | None
    better: str
    command: str
    machine: str

    @property
    def held(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.better == "lower" else self.ratio >= self.goal


def seconds(work: Work, clock: Clock) -> float:
    """Of one run."""
    began = clock()
    work()
    return clock() - began


def measure(pair: Pair, command: str) -> Row:
    """Both sides in turn, so that other work on the machine disturbs neither alone."""
    clock = time.process_time if pair.cpu else time.perf_counter
    for work in (pair.ours, pair.theirs):
        work()
    ratios = []
    for _ in range(pair.rounds):
        ours, theirs = seconds(pair.ours, clock), seconds(pair.theirs, clock)
        ratios.append(theirs / ours if pair.rate else ours / theirs)
    low, middle, high = quantiles(ratios, n=4)
    found = {"ratio": round(middle, 3), "low": round(low, 3), "high": round(high, 3)}
    return Row(id=pair.id, **found, goal=pair.goal, better=pair.better, command=command, machine=machine())


def machine() -> str:
    """The processor, its cores and Python, without a name of the machine."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    model = models[0] if models else platform.processor() or platform.machine()
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def write(rows: list[Row], path: Path) -> None:
    """The rows measured now, and of the file's earlier ones those that were not."""
    held = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    now = {row.id: asdict(row) for row in rows}
    kept = [now.pop(row["id"], row) for row in held]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*kept, *now.values()], indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def there(package: str, row: str) -> bool:
    """Whether a package that some rows need is installed; where it is not, says which rows that leaves out."""
    found = find_spec(package) is not None
    if not found:
        print(f"not measured, as {package} is not installed: {row}", file=sys.stderr)
    return found


Pairs: TypeAlias = Iterator[Pair]
