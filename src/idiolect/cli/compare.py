"""`idiolect compare`: is one run better than another?"""

from __future__ import annotations

from typing import Annotated

import typer

from idiolect.cli import screen

Side = Annotated[str, typer.Argument(help="A folder of results, or FOLDER:METHOD.", show_default=False)]


def compare(
    a: Side, b: Side, json: Annotated[bool, typer.Option("--json", help="Print the comparisons as JSON.")] = False
) -> None:
    """Compares A with B on the questions that both answered, paired over users; says in words what is noise."""
    from idiolect.evaluation.comparison.between import compare as made

    found = made(a, b)
    if json:
        screen.as_json(found)
        return
    from rich.table import Table

    columns = ("method", "task", "A", "B", "A - B [95 %]", "p (Holm)", "d", "delta", "detectable", "better", "worse")
    table = Table(*columns, header_style="bold")
    for c in found:
        limits = f"{c['mean']:+.3f} [{c['low']:+.3f}, {c['high']:+.3f}]{'' if c['clear'] else ' ?'}"
        sizes = ["∞" if c[k] is None else f"{c[k]:.3f}" for k in ("holm_p", "cohen_d", "cliffs_delta", "detectable")]
        scores = [f"{c[k]:.3f}" for k in ("score", "other")]
        table.add_row(c["method"], c["task"], *scores, limits, *sizes, str(c["better"]), str(c["worse"]))
    screen.show(table)
    for c in found:
        typer.echo(f"{c['task']}: {c['sentence']}")
