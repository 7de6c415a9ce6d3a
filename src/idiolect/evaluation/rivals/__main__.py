"""`python -m idiolect.evaluation.rivals`: the table, and who finds more."""

from __future__ import annotations

import json as text
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.evaluation.rivals import SYSTEMS, dialogues, given, opened
from idiolect.evaluation.rivals.load import made
from idiolect.evaluation.rivals.measure import Measured, Run, measured
from idiolect.evaluation.rivals.table import lines, sentences
from idiolect.evaluation.rivals.vectors import Shared


def main(
    systems: Annotated[str, typer.Option(help="Names with commas; ratios are to the first.")] = ",".join(SYSTEMS),
    *,
    dialogues_of: Annotated[
        Path | None, typer.Option("--dialogues", help="A folder with LoCoMo, in place of made-up facts.")
    ] = None,
    texts: Annotated[
        Path | None, typer.Option("--texts", help="A file of texts and questions, in place of made-up facts.")
    ] = None,
    every: Annotated[int, typer.Option(min=1, help="Of the dialogues, every so-many-th question.")] = 1,
    users: Annotated[int, typer.Option(min=1, help="Made-up people.")] = 1,
    memories: Annotated[int, typer.Option(min=1, max=2160, help="Facts of each.")] = 2000,
    queries: Annotated[int, typer.Option(min=1, help="Questions in all.")] = 200,
    vectors: Annotated[Path, typer.Option(help="Where sentence vectors are kept between runs.")] = Path("runs/vectors"),
    seed: Annotated[int, typer.Option(help="Of facts and questions.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines.")] = False,
) -> None:
    """Measures the systems side by side on the same texts, questions and vectors."""
    if dialogues_of:
        load = dialogues.read(dialogues_of, every)
    else:
        load = given.read(texts) if texts else made(users, memories, queries, seed)
    encoder = Shared(vectors)
    encoder.prepare(load.texts)
    with tempfile.TemporaryDirectory() as home:
        runs = standing([s.strip() for s in systems.split(",")], Path(home), encoder)
        try:
            found = measured(runs, load)
        finally:
            for run in runs:
                run.system.close()
    if json:
        for m in found:
            typer.echo(text.dumps(asdict(m)))
        return
    show(found, "users" if len(load.said) > 1 else "questions")


def standing(names: list[str], home: Path, encoder: Shared) -> list[Run]:
    """Each system in a folder of its own; those whose package is missing, or too old, are named.

    Raises:
        UnknownName: there is no such system.
    """
    runs = []
    for name in names:
        folder = home / name
        folder.mkdir()
        try:
            runs.append(Run(opened(name, folder, encoder), folder))
        except (MissingExtra, BadInput) as error:
            typer.echo(f"{name} was not measured: {error}", err=True)
    return runs


def show(found: list[Measured], over: str) -> None:
    """The table as Markdown, and the first system against each other one in words."""
    for line in lines(found):
        typer.echo(line)
    typer.echo("")
    for sentence in sentences(found, over):
        typer.echo(sentence)


if __name__ == "__main__":
    typer.run(main)
