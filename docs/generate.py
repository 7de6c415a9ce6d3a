"""Writes the parts of the documents that come from the program itself; ``--check`` fails where they differ.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

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


def results(name: str) -> str:
    """The table that was kept last of an experiment, from docs/NAME.json."""
    from idiolect.evaluation.table import Row
    from idiolect.evaluation.terminal import cells, render

    kept = json.loads((DOCS / f"{name}.json").read_text(encoding="utf-8"))
    head = [str(column.header) for column in render([]).columns]
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    order = kept["experiment"]["methods"]  # rows stand as they came in
    ordered = sorted(kept["rows"], key=lambda row: order.index(row["method"]))
    lines += [" | ".join(cell.replace("|", "\\|") for cell in cells(Row(**row))) for row in ordered]
    return "".join(f"| {line} |\n" for line in lines)


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
    "results": partial(results, "results"),
    "others": partial(results, "methods"),
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
