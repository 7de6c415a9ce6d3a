"""The table: every row is computed anew from `examples.jsonl`, and from `costs.jsonl` what belongs to no example."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation import head
from idiolect.evaluation.comparison.answers import Arm, Arms
from idiolect.evaluation.comparison.further import further
from idiolect.evaluation.comparison.within import comparisons
from idiolect.evaluation.ledger import FULL, Ledger, Line
from idiolect.evaluation.significance import enough, holm

__all__ = ["Arm", "Arms", "Point", "Row", "beside", "curve_of", "read", "rows", "rows_of", "write"]

NAME = "results.json"
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One method on one task. None: not run, or without meaning here.

    Gains are the method's score minus the other's, turned so that above 0 is better; limits are 95 %; `gain_p` and
    `swapped_p` are two-sided and adjusted over all rows of the table by Holm. `swapped_low` and `pooled_low` are of the
    score minus that arm's. Tokens, milliseconds and seconds are means a query, a query and a user. `model` is said
    where a folder holds several; `method` then ends in it.
    """

    method: str
    task: str
    seeds: int
    users: int
    score: float
    base: float | None = None
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    gain_p: float | None = None
    swapped: float | None = None
    swapped_low: float | None = None
    swapped_p: float | None = None
    pooled: float | None = None
    pooled_low: float | None = None
    copy: float | None = None
    cousin: float | None = None
    prompt_tokens: float = 0.0
    ms_per_query: float = 0.0
    trained_parameters: int = 0
    bytes_per_user: float = 0.0
    adapt_seconds: float = 0.0
    model: str = ""

    @property
    def better(self) -> bool:
        """Whether it beats no method beyond its limits, of users enough."""
        return self.gain_low is not None and self.gain_low > 0 and enough(self.users)

    @property
    def worse(self) -> bool:
        """Whether no method beats it so."""
        return self.gain_high is not None and self.gain_high < 0 and enough(self.users)

    @property
    def personal(self) -> bool:
        """Whether it beats no method, and itself under another user's data, which must have been tried."""
        return self.better and self.swapped_low is not None and self.swapped_low > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One length of the learning curve; `gain` with its limits is over the base.

    grain: "user" by his own last records; "group" by people like his first records; "everybody" by all, at any length.
    """

    method: str
    task: str
    history: int
    users: int
    score: float
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    grain: str = "user"


GRAINS = {"own": "user", "group": "group", "everybody": "everybody"}


def rows(examples: Iterable[Line], costs: Iterable[Line] = ()) -> list[Row]:
    """One row a method and task that has answers of its own, in the order they were run."""
    return rows_of(Arms(examples), list(costs))


def rows_of(arms: Arms, costs: Iterable[Line]) -> list[Row]:
    """The same of answers that are already sorted into arms."""
    lines = list(costs)
    made = [_row(arms, *key, _spent(lines, *key)) for key in arms.cells if arms.get(*key)]
    gains = _adjusted([row.gain_p for row in made])
    swaps = _adjusted([row.swapped_p for row in made])
    return [replace(r, gain_p=g, swapped_p=s) for r, g, s in zip(made, gains, swaps, strict=True)]


def _adjusted(p: Sequence[float | None]) -> list[float | None]:
    """Holm over those that are there."""
    adjusted = iter(holm([x for x in p if x is not None]))
    return [None if x is None else next(adjusted) for x in p]


def curve_of(arms: Arms) -> list[Point]:
    """The learning curves, shortest history first."""
    points = []
    for (method, task), cell in arms.cells.items():
        lengths = sorted({history for name, history in cell if name == "own" and history != FULL})
        grown = [(name, n, cell.get((name, FULL if name == "everybody" else n))) for name in GRAINS for n in lengths]
        for name, history, arm in grown:
            if arm is None:
                continue
            gain = arm.over(arms.get(method, task, "base"))
            low, high, mean = (gain.low, gain.high, gain.mean) if gain else (None, None, None)
            points.append(
                Point(
                    method=method,
                    task=task,
                    history=history,
                    users=len(arm.scores),
                    score=arm.mean,
                    gain=mean,
                    gain_low=low,
                    gain_high=high,
                    grain=GRAINS[name],
                )
            )
    return points


def _row(arms: Arms, method: str, task: str, spent: Mapping[str, float]) -> Row:
    own = arms.get(method, task)
    assert own is not None
    others = {name: arms.get(method, task, name) for name in ("base", "swapped", "pooled", "copy", "cousin")}
    means = {name: arm.mean if arm else None for name, arm in others.items()}
    gain, swapped, pooled = (own.over(others[name]) for name in ("base", "swapped", "pooled"))
    return Row(
        method=method,
        task=task,
        seeds=len({e["seed"] for e in own.lines}),
        users=len(own.scores),
        score=own.mean,
        **means,
        gain=gain.mean if gain else None,
        gain_low=gain.low if gain else None,
        gain_high=gain.high if gain else None,
        gain_p=gain.p if gain else None,
        swapped_low=swapped.low if swapped else None,
        swapped_p=swapped.p if swapped else None,
        pooled_low=pooled.low if pooled else None,
        prompt_tokens=float(np.mean([e["prompt_tokens"] for e in own.lines])),
        ms_per_query=float(np.mean([e["milliseconds"] for e in own.lines])),
        trained_parameters=int(spent.get("trained_parameters", 0)),
        bytes_per_user=spent.get("bytes_per_user", 0.0),
        adapt_seconds=spent.get("adapt_seconds", 0.0),
        model=own.lines[0].get("model", ""),
    )


def _spent(costs: Sequence[Line], method: str, task: str) -> dict[str, float]:
    """The mean over seeds of what a method cost where this task was learnt for; the later line of a seed run twice."""
    mine = [c for c in costs if (c["method"], c["arm"]) == (method, "own") and task in c.get("tasks", [task])]
    latest = {c["seed"]: c for c in mine}.values()
    names = ("trained_parameters", "bytes_per_user", "adapt_seconds")
    return {n: float(np.mean([c.get(n, 0.0) for c in latest])) for n in names} if latest else {}


def write(folder: Path) -> dict[str, Any]:
    """Recomputes `results.json` of a folder and returns what stands in it.

    Raises:
        BadInput: there are no answers in the folder.
    """
    top = {**head.UNKNOWN, **head.read(folder)}  # an older folder does not state all
    ledger = Ledger(folder)
    arms = Arms(ledger.examples())
    results: dict[str, Any] = {
        **top,
        "answers": len(ledger),
        "metrics": _metrics(arms),
        "rows": [_plain(r) for r in rows_of(arms, ledger.costs())],
        "curve": [asdict(p) for p in curve_of(arms)],
        "comparisons": comparisons(arms),
        "further": further(arms, top["further"]),
    }
    if not results["rows"]:
        raise BadInput(ledger.examples_path, "it holds no answers yet", "Run idiolect evaluate to the end")
    head.publish(folder / NAME, json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False))
    return results


def _plain(row: Row) -> dict[str, Any]:
    """A row as it is stored; of one model nothing is said, as in older files."""
    made = asdict(row)
    if not row.model:
        del made["model"]
    return made


def _metrics(arms: Arms) -> dict[str, str]:
    """What scored each task.

    Raises:
        BadInput: two metrics did, or two versions of one.
    """
    found: dict[str, set[str]] = {}
    for (_, task), cell in arms.cells.items():
        found.setdefault(task, set()).update(e.get("metric", "") for arm in cell.values() for e in arm.lines)
    for task, names in found.items():
        if len(names) > 1:
            what = f"its answers on {task!r} were scored by {' and by '.join(sorted(names))}, which cannot be compared"
            raise BadInput("results", what, "Run all of it in a new folder, under one version")
    return {task: names.pop() for task, names in sorted(found.items())}


def read(folder: Path) -> list[Row]:
    """The rows that stand in a folder's `results.json`."""
    return _stored(folder, lambda found: [Row(**row) for row in found["rows"]])


def beside(folder: Path) -> list[dict[str, Any]]:
    """What stands there of other metrics; nothing in an older folder."""
    return _stored(folder, lambda found: list(found.get("further", [])))


def _stored(folder: Path, part: Callable[[dict[str, Any]], list[T]]) -> list[T]:
    path = folder / NAME
    try:
        return part(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise BadInput(path, "there is no such file", "Run idiolect evaluate, or idiolect report, first") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput(path, f"it holds no table ({error})", "Run idiolect report to write it again") from error


COLUMNS = tuple(f.name for f in fields(Row))
