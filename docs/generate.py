"""Writes the parts of the documents that come from the program itself; ``--check`` fails where they differ.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

os.environ |= {"COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}

DOCS = Path(__file__).parent
PART = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
COMMANDS = (
    (),
    ("demo",),
    ("evaluate",),
    ("report",),
    ("world",),
    *((name,) for name in ("users", "remember", "recall", "profile", "forget", "export", "import", "erase", "doctor")),
    *((name,) for name in ("consents", "backup", "restore", "chat", "serve", "keys", "adapt", "adapters")),
    *((name,) for name in ("recommend", "search", "rewrite", "benchmark", "compare", "judge")),
    *(("judge", name) for name in ("pairs", "pages", "read")),
    ("simulate",),
    ("jobs",),
    ("mcp",),
    ("users", "link"),
    ("config", "show"),
    ("methods",),
    ("methods", "list"),
    ("methods", "show"),
    ("methods", "new"),
    ("embedded", "train"),
    ("embedded", "average"),
    ("embedded", "evaluate"),
)


def methods() -> str:
    """The table of methods, from their cards."""
    from idiolect.cli.methods import COLUMNS, rows

    lines = [" | ".join(COLUMNS), " | ".join("---" for _ in COLUMNS)]
    lines += [" | ".join([f"`{r['method']}`", *list(r.values())[1:]]) for r in rows()]
    return "".join(f"| {line} |\n" for line in lines)


def metrics() -> str:
    """The table of metrics, from their cards."""
    from idiolect.evaluation.metrics import rows

    head = ("metric", "formula", "range", "better", "library", "source", "version")
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join([f"`{row[0]}`", *(cell.replace("|", "\\|") for cell in row[1:])]) for row in rows()]
    return "".join(f"| {line} |\n" for line in lines)


def commands() -> str:
    """The help of every command."""
    from typer.testing import CliRunner

    from idiolect.cli import app

    said = []
    for words in COMMANDS:
        shown = CliRunner().invoke(app, [*words, "--help"], prog_name="idiolect", terminal_width=100)
        said.append(re.sub(r"[ \t]+\n", "\n", shown.output).strip())
    return "```text\n" + "\n\n\n".join(said) + "\n```\n"


def _kept(name: str) -> dict[str, Any]:
    """An experiment's results as kept last, in docs/NAME.json; its rows stand as its methods are named."""
    kept: dict[str, Any] = json.loads((DOCS / f"{name}.json").read_text(encoding="utf-8"))
    order = kept["experiment"]["methods"]
    for part in ("rows", "curve"):
        kept[part].sort(key=lambda row: order.index(row["method"]))
    return kept


def _lines(rows: Iterable[Sequence[str]]) -> str:
    """A table; its first row is the head."""
    head, *rest = ([cell.replace("|", "\\|") for cell in row] for row in rows)
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, ["---"] * len(head), *rest))


def gains(*names: str) -> str:
    """What a reader wants first: own, the controls, the gain."""
    from idiolect.evaluation.table import Row
    from idiolect.evaluation.terminal import interval, number

    made = [("method", "task", "no method", "another's data", "cheaper cousin", "own data", "gain [95 %]")]
    for row in (Row(**row) for name in names for row in _kept(name)["rows"]):
        controls = (number(row.base), number(row.swapped), number(row.cousin))
        made.append((f"`{row.method}`", row.task, *controls, number(row.score), interval(row)))
    return _lines(made)


def results(name: str) -> str:
    """The whole table of an experiment."""
    from idiolect.evaluation.table import Row
    from idiolect.evaluation.terminal import cells, render

    head = [str(column.header) for column in render([]).columns]
    return _lines([head, *(cells(Row(**row)) for row in _kept(name)["rows"])])


def curves(name: str) -> str:
    """Scores over the number of records that a method was given."""
    points: dict[tuple[str, str], dict[int, dict[str, Any]]] = {}
    for one in _kept(name)["curve"]:
        if one["grain"] == "user":
            points.setdefault((one["method"], one["task"]), {})[one["history"]] = one
    lengths = sorted({length for found in points.values() for length in found})
    made = [("method", "task", *map(str, lengths))]
    for (method, task), found in points.items():
        made.append((method, task, *(_point(found.get(length)) for length in lengths)))
    return _lines(made)


def _point(one: dict[str, Any] | None) -> str:
    return "" if one is None else f"{one['score']:.3f} [{one['gain_low']:+.3f}, {one['gain_high']:+.3f}]"


def parts(name: str) -> str:
    """Compositions against what they are made of, in words."""
    said = [c for c in _kept(name)["comparisons"] if c["arm"] == "part"]
    return "".join(f"- {c['task']}: {c['sentence']}\n" for c in said)


def rungs() -> str:
    """The embedded model's rungs, from docs/embedded.json (`idiolect embedded evaluate --json`)."""
    lines = ["rung | share | 95 % | floor | goal", "--- | --- | --- | --- | ---"]
    for name, r in json.loads((DOCS / "embedded.json").read_text(encoding="utf-8")).items():
        bounds = " | ".join("" if r[k] is None else f"{r[k]:.2f}" for k in ("floor", "goal"))
        lines.append(f"`{name}` | {r['share']:.3f} | {r['low']:.3f} to {r['high']:.3f} | {bounds}")
    return "".join(f"| {line} |\n" for line in lines)


def bench() -> str:
    """The ratios of speed that were kept last, from docs/bench.json."""
    sys.path.append(str(DOCS.parent / "benchmarks" / "speed"))
    from ratio import Row

    kept = json.loads((DOCS / "bench.json").read_text(encoding="utf-8"))
    lines = ["what | ratio | quartiles | goal | ", "--- | --- | --- | --- | ---"]
    for row in kept:
        goal = "" if row["goal"] is None else f"{'≤' if row['better'] == 'lower' else '≥'} {row['goal']:g}"
        cells = (row["id"].replace("|", "\\|"), f"{row['ratio']:.3g}", f"{row['low']:.3g} to {row['high']:.3g}", goal)
        lines.append(" | ".join((*cells, "missed" if Row(**row).held is False else "")))
    machines = " and ".join(sorted({row["machine"] for row in kept}))
    return "".join(f"| {line} |\n" for line in lines) + f"\nMeasured on: {machines}.\n"


PARTS: dict[str, Callable[[], str]] = {
    "methods": methods,
    "metrics": metrics,
    "commands": commands,
    "gains": partial(gains, "results", "methods"),
    "results": partial(results, "results"),
    "others": partial(results, "methods"),
    "curves": partial(curves, "results"),
    "parts": partial(parts, "results"),
    "rungs": rungs,
    "bench": bench,
}


def main(check: bool) -> int:
    """The number of documents that differ (``--check``), or 0 once all are written."""
    behind = []
    for path in sorted((DOCS.parent / "README.md", *DOCS.glob("*.md"))):
        old = path.read_text(encoding="utf-8")
        new = PART.sub(lambda part: part[1] + PARTS[part[2]]() + part[3], old)
        if new != old:
            behind.append(path)
            if not check:
                path.write_text(new, encoding="utf-8")
    for path in behind:
        print(f"{path.name}: {'not in step, run: make docs' if check else 'written'}")  # noqa: T201
    return len(behind) if check else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
