"""`idiolect embedded`: the model that comes with the package, trained from nothing and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from idiolect.cli import screen

app = typer.Typer(no_args_is_help=True, help="The model that comes with the package: train it again, measure it.")


@app.command()
def train(
    folder: Annotated[Path, typer.Argument(help="Where the model goes.", show_default=False)],
    *,
    seconds: Annotated[float, typer.Option(help="Of training, exams not counted.")] = 5400,
    seed: Annotated[int, typer.Option(help="Of initial values and data.")] = 0,
    threads: Annotated[int, typer.Option(help="Of the processor.")] = 2,
    start: Annotated[Path | None, typer.Option(help="A folder to go on from.")] = None,
    level: Annotated[
        int | None, typer.Option(min=1, max=8, help="Of the curriculum at first; left out, 1, or 8 with --start.")
    ] = None,
    hold: Annotated[float, typer.Option(min=0, max=1, help="Share of the time at the full rate.")] = 0.4,
) -> None:
    """Trains a model from worlds, from nothing; prints each exam as a line of JSON."""
    from idiolect.embedded.mixture import TOP
    from idiolect.embedded.train import Plan
    from idiolect.embedded.train import train as run

    first = level or (TOP if start else 1)
    run(folder, Plan(seconds=seconds, seed=seed, threads=threads, level=first, hold=hold), start)


@app.command()
def average(
    folders: Annotated[list[Path], typer.Argument(help="Models that started from one.", show_default=False)],
    out: Annotated[Path, typer.Option(help="Where the mean goes.")],
) -> None:
    """Averages the weights of runs that started from one model: often better than each."""
    from idiolect.embedded.average import average as run

    run(folders, out)
    typer.echo(f"The mean of {len(folders)} models lies in {out}. Measure it: idiolect embedded evaluate {out}")


@app.command()
def evaluate(
    folder: Annotated[Path | None, typer.Argument(help="A model's folder; left out, the package's own.")] = None,
    seed: Annotated[int, typer.Option(help="Of the users, values and phrasings.")] = 0,
    items: Annotated[int, typer.Option(help="Questions a rung.")] = 300,
    world: Annotated[Path | None, typer.Option(help="A wording in TOML, measured as the rung 'foreign'.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measures every rung on users, values and phrasings that training never saw."""
    from idiolect.embedded.evaluate import WEIGHTS
    from idiolect.embedded.evaluate import evaluate as measure

    with screen.progress(quiet=json) as tell:
        rungs = measure(folder or WEIGHTS, seed=seed, items=items, world=world, progress=lambda rung: tell(rung, 0, 0))
    if json:
        screen.as_json(rungs)
        return
    from rich.table import Table

    table = Table("rung", "share", "95 %", "floor", "goal", header_style="bold")
    for rung, r in rungs.items():
        limits = f"[{r['low']:.3f}, {r['high']:.3f}]"
        table.add_row(
            rung, f"{r['share']:.3f}", limits, *("-" if r[k] is None else f"{r[k]:.2f}" for k in ("floor", "goal"))
        )
    screen.show(table)
