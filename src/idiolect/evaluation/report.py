"""One self-contained page: answers side by side, the table, the verdicts in words, the figures, the settings."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import MissingExtra
from idiolect.evaluation import head, plots, table, terminal
from idiolect.evaluation.comparison.figure import users
from idiolect.evaluation.ledger import FULL, Ledger, Line
from idiolect.evaluation.table import Arms, Point, Row
from idiolect.evaluation.verdicts import summary, verdicts

NAME = "report.html"
DOZEN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One question under two people's data, and under nobody's."""

    method: str
    task: str
    question: str
    target: str
    base: Line
    own: Line
    other: Line


def report(folder: str | Path) -> Path:
    """Recomputes `results.json` and writes `report.html` from the answers in a folder.

    Raises:
        BadInput: the folder holds no answers, or a line that cannot be read.
        MissingExtra: matplotlib or jinja2 is not installed.
    """
    folder = Path(folder)
    results = table.write(folder)
    examples = list(Ledger(folder).examples())
    arms = Arms(examples)
    rows = [Row(**r) for r in results["rows"]]
    points = [Point(**p) for p in results["curve"]]
    page = _template().render(
        results=results,
        summary=summary(rows),
        verdicts=verdicts(arms, rows),
        rows=[(r, terminal.cells(r)) for r in rows],
        columns=[c.header for c in terminal.render([]).columns],
        sides=list(sides(examples)),
        differing=differing(examples),
        figures=figures(rows, points, results["comparisons"]),
        comparisons=results["comparisons"],
        kinds=kinds(examples),
        settings={part: s for parts in results["methods"].values() for part, s in parts.items()},
        command=command(results),
    )
    path = folder / NAME
    head.publish(path, page)
    return path


def figures(rows: list[Row], points: list[Point], comparisons: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(title, what to see in it, SVG) of each figure that has something to show."""
    found = []
    if any(r.gain is not None for r in rows):
        caption = "Dots are means over users, lines 95 % limits. A hollow dot cannot be told from noise."
        found.append(("Gain by method and task", caption, plots.gains(rows)))
        caption = "A method that personalises stands right of all others, of another person's data above all."
        found.append(("Score beside its controls", caption, plots.controls(rows)))
        caption = "What the gain is paid with. Each mark is one method on one task."
        found.append(("Cost against gain", caption, plots.costs(rows)))
    over = [c for c in comparisons if c["arm"] == "base"]
    if over:
        caption = "Each dot is one user: a mean hides whom a method harms. The stroke is the median."
        found.append(("Gain of each user", caption, users(over)))
    if points:
        caption = "From a user without any history (0) on. The band is the 95 % limits."
        found.append(("Learning curve", caption, plots.curves(points)))
    return found


def sides(examples: Iterable[Line]) -> Iterator[Side]:
    """A dozen questions on which the two people's answers differ: each method and task in turn, drawn by hash."""
    cells: dict[tuple[str, str], dict[tuple[str, str], dict[str, Line]]] = {}
    for e in examples:
        if e["arm"] in ("own", "base", "swapped") and e.get("history", FULL) == FULL:
            cell = cells.setdefault((e["task"], e["method"]), {})
            cell.setdefault((e["user"], e["query"]), {}).setdefault(e["arm"], e)
    queues = [sorted(_differing(cell), key=_draw) for _, cell in sorted(cells.items())]
    taken = 0
    for turn in range(DOZEN):
        for queue in queues:
            if turn < len(queue) and taken < DOZEN:
                taken += 1
                yield _side(queue[turn])


def _differing(cell: Mapping[tuple[str, str], dict[str, Line]]) -> list[dict[str, Line]]:
    whole = [arms for arms in cell.values() if len(arms) == 3]
    return [a for a in whole if a["own"]["prediction"] != a["swapped"]["prediction"]]


def _draw(arms: Mapping[str, Line]) -> str:
    return hashlib.sha256(f"{arms['own']['user']}/{arms['own']['query']}".encode()).hexdigest()


def _side(arms: Mapping[str, Line]) -> Side:
    own = arms["own"]
    question = own.get("question") or own["query"]
    return Side(
        method=own["method"],
        task=own["task"],
        question=question,
        target=own["target"],
        base=arms["base"],
        own=own,
        other=arms["swapped"],
    )


def differing(examples: Iterable[Line]) -> float | None:
    """The share of questions that get another answer under another user's data."""
    pairs: dict[tuple[Any, ...], dict[str, str]] = {}
    for e in examples:
        if e["arm"] in ("own", "swapped") and e.get("history", FULL) == FULL:
            key = (e["method"], e["task"], e["seed"], e["user"], e["query"])
            pairs.setdefault(key, {})[e["arm"]] = e["prediction"]
    both = [p["own"] != p["swapped"] for p in pairs.values() if len(p) == 2]
    return float(np.mean(both)) if both else None


def kinds(examples: Iterable[Line]) -> dict[tuple[str, str], dict[str, float]]:
    """By method and task, the mean over questions of each kind that the data names, and over all."""
    found: dict[tuple[str, str], dict[str, list[float]]] = {}
    for e in examples:
        if "kind" in e and e["arm"] == "own":
            cell = found.setdefault((e["method"], e["task"]), {"all questions": []})
            cell["all questions"].append(e["score"])
            cell.setdefault(e["kind"], []).append(e["score"])
    return {k: {name: float(np.mean(s)) for name, s in cell.items()} for k, cell in found.items()}


def command(results: Mapping[str, Any]) -> str:
    """The command that runs the same again."""
    e = results["experiment"]
    words = ["idiolect evaluate", *(f"--{k} {e[k]}" for k in ("data", "model", "presets") if e.get(k))]
    if not e.get("data"):
        words.append(f"--seed {e['world']['seed']}")
        words += [f"--world {e['world']['file']}"] if e["world"]["file"] else []
    return " ".join(words)


def _template() -> Any:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtra("jinja2", "eval") from error
    text = files("idiolect.evaluation").joinpath("page.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(text)
