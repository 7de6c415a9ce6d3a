"""Are explanations right?   python -m idiolect.applications.reasons --right 64 --out reasons.json"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from idiolect.applications.reasons.measure import Plan, measure
from idiolect.core.errors import IdiolectError

REFUSED = 2


def main(
    right: Annotated[int, typer.Option(help="Right answers that are to count.")] = 64,
    users: Annotated[int, typer.Option(help="Invented people, at most.")] = 64,
    questions: Annotated[int, typer.Option(help="Of each kind, that each is asked.")] = 8,
    seed: Annotated[int, typer.Option(help="Of the world.")] = 4711,
    out: Annotated[Path | None, typer.Option(help="A JSON file for every answer.")] = None,
) -> None:
    """Measures how often the record that a right answer rests on is named first, beside confusable ones."""
    try:
        found = measure(Plan(right=right, users=users, questions=questions, seed=seed), _tell)
    except IdiolectError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(REFUSED) from None
    typer.echo(found.text())
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(found.plain(), ensure_ascii=False, indent=1), encoding="utf-8")


def _tell(what: str, done: int, of: int) -> None:
    typer.echo(f"{what}: {done} of {of}", err=True)


if __name__ == "__main__":
    typer.run(main)
