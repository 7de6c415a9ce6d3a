"""`idiolect evaluate` and `idiolect report`: methods x tasks x seeds, and what they give."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from idiolect.cli import screen

RUNS = Path(__file__).parent.parent / "experiments" / "runs"
READY = ", ".join(sorted(file.stem for file in RUNS.glob("*.toml")))
Folder = Annotated[Path, typer.Argument(help="A folder of results.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print the rows as JSON.")]


def evaluate(
    experiment: Annotated[
        str | None, typer.Argument(help=f"A TOML file, or one of the package's: {READY}.", show_default=False)
    ] = None,
    *,
    methods: Annotated[str | None, typer.Option(help='Names with commas: "ipa, ipa | oppu".')] = None,
    tasks: Annotated[str | None, typer.Option(help="Names with commas; left out, those of each method's card.")] = None,
    seed: Annotated[int | None, typer.Option(help="Of the world, and the first of the seeds.")] = None,
    world: Annotated[Path | None, typer.Option(help="A world in JSON, or its wording in TOML.")] = None,
    data: Annotated[Path | None, typer.Option(help="Real data: a folder of a public set, or messages.")] = None,
    model: Annotated[str | None, typer.Option(help="A local folder, or http://SERVER/v1#NAME; else embedded.")] = None,
    presets: Annotated[str | None, typer.Option(help='Settings for the model; "" for the papers\'.')] = None,
    out: Annotated[Path | None, typer.Option(help="Where results go; a run that was stopped goes on there.")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes that share the work; times are then not comparable.")] = 1,
    print_config: Annotated[bool, typer.Option("--print-config", help="Print the TOML this is short for.")] = False,
    json: Json = False,
) -> None:
    """Runs methods on tasks with their controls, and prints what each gains and costs.

    Prints the table; leaves examples.jsonl, results.json and report.html in the folder.
    """
    from idiolect.evaluation import experiment as experiments

    flags = {"methods": screen.names(methods), "tasks": screen.names(tasks), "seed": seed, "presets": presets}
    flags |= {"model": model} | {k: str(v) if v else None for k, v in (("world", world), ("data", data), ("out", out))}
    plan = experiments.load(screen.plan(experiment) if experiment else None, **flags)
    if print_config:
        typer.echo(experiments.toml(plan), nl=False)
    else:
        run(plan, json, jobs)


def report(folder: Folder, json: Json = False) -> None:
    """Recomputes the table of a folder from its examples, and writes report.html."""
    publish(folder, json)


def run(experiment: object, json: bool = False, jobs: int = 1) -> Path:
    """Evaluates what is missing, reports all of it, and gives the folder."""
    from idiolect.evaluation.experiment import Experiment
    from idiolect.evaluation.run import evaluate as start

    assert isinstance(experiment, Experiment)
    with screen.progress(quiet=json) as tell:
        folder = start(experiment, tell, jobs=jobs)
    publish(folder, json)
    return folder


def publish(folder: Path, json: bool = False) -> None:
    """The page, and the table on the screen."""
    from dataclasses import asdict

    from idiolect.evaluation import head, table, terminal
    from idiolect.evaluation.report import report as write

    page = write(folder)
    for name, why in head.read(folder).get("left_out", {}).items():
        typer.echo(f"{name} is left out: {why}", err=True)
    rows = table.read(folder)
    if json:
        screen.as_json([asdict(row) for row in rows])
        return
    screen.show(terminal.render(rows, title=str(folder)))
    if found := table.beside(folder):
        screen.show(terminal.further(found))
    typer.echo(f"{page}\n{folder / table.NAME}")
