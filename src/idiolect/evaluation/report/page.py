"""The page: what `examples.jsonl` and `costs.jsonl` say, computed anew, in one file."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from idiolect.core.errors import MissingExtra
from idiolect.evaluation import experiment as experiments
from idiolect.evaluation import head, table, terminal
from idiolect.evaluation.entries import ON
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.ledger import Ledger, Line
from idiolect.evaluation.report import audit, browser, plots
from idiolect.evaluation.report.confusion import changes, matrices
from idiolect.evaluation.report.crossings import crossings, overtakings
from idiolect.evaluation.report.leaders import boards
from idiolect.evaluation.report.people import users
from idiolect.evaluation.report.sides import differing, kinds, sides
from idiolect.evaluation.table import Arms, Point, Row
from idiolect.evaluation.verdicts import summary, verdicts

NAME = "report.html"


def report(folder: str | Path) -> Path:
    """Recomputes `results.json` and writes `report.html` from the answers in a folder.

    Raises:
        BadInput: the folder holds no answers, or a line that cannot be read.
        MissingExtra: matplotlib or jinja2 is not installed.
    """
    folder = Path(folder)
    results = table.write(folder)
    ledger = Ledger(folder)
    examples = list(ledger.examples())
    arms, rows = Arms(examples), [Row(**r) for r in results["rows"]]
    parts = (
        _parts(results, arms, rows)
        | _answers(examples)
        | {
            "files": audit.files([ledger.examples_path, ledger.costs_path, folder / head.NAME]),
            "style": _part("page.css"),
            "script": _part("browser.js"),
        }
    )
    page = _template().render(results=results, again=again(results), **parts)
    path = folder / NAME
    head.publish(path, page)
    return path


def _parts(results: Mapping[str, Any], arms: Arms, rows: list[Row]) -> dict[str, Any]:
    """What the page says of scores."""
    said, points = verdicts(arms, rows, results["comparisons"]), [Point(**p) for p in results["curve"]]
    return {
        "summary": summary(rows),
        "verdicts": said,
        "boards": boards(arms, rows, [v.works for v in said], results["metrics"]),
        "rows": [(r, terminal.cells(r)) for r in rows],
        "columns": [c.header for c in terminal.render([]).columns],
        "figures": figures(rows, points, results["comparisons"], {task for task, lower in arms.lower.items() if lower}),
        "crossings": [*crossings(arms), *overtakings(arms)],
        "comparisons": results["comparisons"],
        "further": [terminal.further_cells(f) for f in results["further"]],
        "further_columns": [c.header for c in terminal.further([]).columns],
        "changes": changes(arms),
        "settings": {part: s for parts in results["methods"].values() for part, s in parts.items()},
    }


def _answers(examples: list[Line]) -> dict[str, Any]:
    """What the page says of single answers."""
    browsed = browser.browsed(examples)
    return {
        "sides": list(sides(examples)),
        "differing": differing(examples),
        "kinds": kinds(examples),
        "matrices": matrices(examples),
        "counts": audit.counts(examples),
        "browsed": browsed,
        "data": browser.embedded(browsed),
    }


def figures(
    rows: list[Row], points: list[Point], comparisons: list[dict[str, Any]], lower: Collection[str] = ()
) -> list[tuple[str, str, str, str]]:
    """(section, title, what to see in it, SVG) of each figure that has something to show.

    Args:
        lower: tasks on which less is better.
    """
    found = []
    if any(r.gain is not None for r in rows):
        caption = "Dots are means over users, lines 95 % limits. A hollow dot cannot be told from noise."
        found.append(("gain", "Gain by method and task", caption, plots.gains(rows)))
        caption = "A method that personalises stands right of all others, of another person's data above all."
        caption += " Where less is better, left of them." if lower else ""
        found.append(("gain", "Score beside its controls", caption, plots.controls(rows, lower)))
        caption = "What the gain is paid with. Each mark is one method on one task; upper left is best."
        found.append(("cost", "Cost against gain", caption, plots.costs(rows)))
    over = [c for c in comparisons if c["arm"] == "base"]
    if over:
        caption = "Each dot is one user: a mean hides whom a method harms. The stroke is the median."
        found.append(("people", "Gain of each user", caption, users(over)))
    if points:
        caption = "From a user without any history (0) on. The band is the 95 % limits."
        if any(p.grain != "user" for p in points):
            caption += " Dashed: the data of people like him, chosen by his first records; dotted: everybody's."
        found.append(("history", "Learning curve", caption, plots.curves(points)))
    return found


def again(results: Mapping[str, Any]) -> str:
    """The experiment that gives all these rows, as TOML: a folder may have grown by several commands."""
    known = {f.name for f in fields(Experiment)}
    stated = experiments.read({k: v for k, v in results["experiment"].items() if k in known}, head.NAME)
    plan: dict[str, dict[str, None]] = {}
    for row in results["rows"]:
        plan.setdefault(row["method"].partition(ON)[0], {})[row["task"]] = None
    models = tuple(one["model"] for one in results["models"].values())
    tasks = {method: tuple(named) for method, named in plan.items()}
    return experiments.toml(replace(stated, methods=tuple(plan), tasks=(), plan=tasks, models=models, out="runs/again"))


def _part(name: str) -> str:
    return files("idiolect.evaluation.report").joinpath(name).read_text(encoding="utf-8")


def _template() -> Any:
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtra("jinja2", "eval") from error
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_part("page.html"))
