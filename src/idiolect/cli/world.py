"""`idiolect world`: a population with planted truth, as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def world(
    path: Annotated[Path, typer.Argument(help="The JSON file to write.", show_default=False)],
    seed: Annotated[int, typer.Option(help="Another seed is another population.")] = 0,
    users: Annotated[int, typer.Option(help="How many people.")] = 64,
    history: Annotated[int, typer.Option(help="Labelled examples of each task a user.")] = 16,
    probes: Annotated[int, typer.Option(help="Questions of each task a user.")] = 16,
    wording: Annotated[Path | None, typer.Option(help="A TOML file of frames and words in place of ours.")] = None,
) -> None:
    """Writes a world, for `idiolect evaluate --world` and for anybody's own tools (docs/world.md)."""
    from idiolect.simulation.world import make

    made = make(seed, users, history=history, probes=probes, language=wording)
    made.save(path)
    records = sum(len(made.records(u)) for u in made.users)
    typer.echo(f"{path}: {len(made.users)} users, {records} records, {len(made.tasks)} tasks")
