"""Does feedback help?   python -m idiolect.applications.loop --users 64 --after 10,30,100 --out loop.json"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from idiolect.applications.loop.run import Measured, Plan, measure
from idiolect.applications.loop.table import plain, text
from idiolect.core.errors import IdiolectError

REFUSED = 2


def main(
    users: Annotated[int, typer.Option(help="Invented people.")] = 64,
    after: Annotated[str, typer.Option(help="After how many feedbacks of each is measured.")] = "10,30,100",
    questions: Annotated[int, typer.Option(help="That each is asked under each arm; none was ever rated.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the world.")] = 9001,
    adapters: Annotated[bool, typer.Option(help="Also train and measure an adapter of each.")] = True,
    out: Annotated[
        Path | None, typer.Option(help="A JSON file for every answer and row, written after each stage.")
    ] = None,
) -> None:
    """Measures how answers of the embedded model change through feedback, alone and together, against controls."""
    try:
        plan = Plan(users=users, stages=_stages(after), questions=questions, seed=seed, adapters=adapters)
        found = measure(plan, _tell, lambda so_far: _kept(so_far, out))
    except IdiolectError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(REFUSED) from None
    typer.echo(text(found))


def _kept(found: Measured, out: Path | None) -> None:
    """Shows what a stage brought, and writes it: a run that is cut off leaves the stages before."""
    typer.echo(text(found), err=True)
    if out is None:
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    fresh = out.with_name(f"{out.name}.new")
    fresh.write_text(json.dumps(plain(found), ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(out)


def _stages(after: str) -> tuple[int, ...]:
    try:
        return tuple(int(n) for n in after.split(","))
    except ValueError:
        raise typer.BadParameter(f"{after!r} is no list of numbers such as 10,30,100") from None


def _tell(what: str, done: int, of: int) -> None:
    typer.echo(f"{what}: {done} of {of}", err=True)


if __name__ == "__main__":
    typer.run(main)
