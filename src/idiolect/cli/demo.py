"""`idiolect demo`: the main job on a few people, with their answers side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from idiolect.cli import screen

SHOWN = 4  # questions, of those that stand in the report


def demo(
    out: Annotated[Path, typer.Option(help="Where results go.")] = Path("runs/demo"),
    seed: Annotated[int | None, typer.Option(help="Of the world, and of the methods.")] = None,
) -> None:
    """Answers the same questions for different people, shows them side by side, and prints the table."""
    from idiolect.cli.evaluate import publish
    from idiolect.evaluation import experiment
    from idiolect.evaluation.ledger import Ledger
    from idiolect.evaluation.report import sides
    from idiolect.evaluation.run import evaluate

    with screen.progress() as tell:
        folder = evaluate(experiment.load(screen.plan("demo"), out=str(out), seed=seed), tell)
    for side in list(sides(Ledger(folder).examples()))[:SHOWN]:
        typer.echo(f"\n{side.question}   ({side.method}, {side.task})")
        for who, said in (("nobody", side.base), (side.own["user"], side.own), (side.other["data_of"], side.other)):
            typer.echo(f"  for {who + ':':<12} {said['prediction']}")
            for used in said.get("used", ())[:2]:
                typer.echo(f"    {'':<12} used: {used.removeprefix('- ')}")
    typer.echo("")
    publish(folder)
