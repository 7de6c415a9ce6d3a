"""`python -m idiolect.evaluation.rivals`: the table, and who finds more at once."""

from __future__ import annotations

import json as text
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.benchmarks.vectors import Kept
from idiolect.evaluation.rivals import SYSTEMS
from idiolect.evaluation.rivals.load import made
from idiolect.evaluation.rivals.measure import Measured, ahead, measured
from idiolect.evaluation.significance import words

COLUMNS = (
    "system",
    "R@1",
    "R@10",
    "MRR",
    "leaks",
    "writes/s",
    "slower",
    "ms",
    "ms 95 %",
    "bytes",
    "erase ms",
    "left",
    "residue",
)


def main(
    systems: Annotated[str, typer.Option(help="Names with commas.")] = ",".join(SYSTEMS),
    *,
    users: Annotated[int, typer.Option(help="People.")] = 1,
    memories: Annotated[int, typer.Option(min=1, max=2160, help="Facts of each.")] = 2000,
    queries: Annotated[int, typer.Option(help="Questions in all.")] = 200,
    vectors: Annotated[Path, typer.Option(help="Where sentence vectors are kept between runs.")] = Path("runs/vectors"),
    seed: Annotated[int, typer.Option(help="Of facts and questions.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Measures each system on the same facts, questions and vectors."""
    load, encoder = made(users, memories, queries, seed), Kept(vectors)
    encoder.encode(load.texts)
    found: list[Measured] = []
    for name in (s.strip() for s in systems.split(",")):
        try:
            found.append(measured(name, load, encoder))
        except MissingExtra as error:
            typer.echo(f"{name} was not measured: {error}", err=True)
    if json:
        for m in found:
            typer.echo(text.dumps(asdict(m)))
        return
    show(found)


def show(found: list[Measured]) -> None:
    """The table, and the first system against each other one in words."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*COLUMNS, header_style="bold")
    for m in found:
        shares = [f"{x:.3f}" for x in (m.recall_1, m.recall_10, m.mrr)]
        costs = [f"{m.writes_per_second:.0f}", f"{m.slower:.2f}", f"{m.search_ms:.2f}", f"{m.search_ms_95:.2f}"]
        gone = [f"{m.erase_ms:.1f}", str(m.left), str(len(m.residue))]
        table.add_row(m.system, *shares, str(m.leaks), *costs, f"{m.bytes_per_memory:.0f}", *gone)
    Console(width=160).print(table)
    for other in found[1:]:
        said = words(found[0].system, ahead(found[0], other), f"{other.system} at finding the fact at once")
        typer.echo(said.replace(" users", " questions"))


if __name__ == "__main__":
    typer.run(main)
