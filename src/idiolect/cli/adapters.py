"""`idiolect adapt` and `idiolect adapters`: training what belongs to single users, and looking after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idiolect.cli import screen
from idiolect.cli.memory import Home, Json, SpaceName, Who
from idiolect.models.embedded import EMBEDDED, open_model

if TYPE_CHECKING:
    from idiolect.cli.own.shelf import Shelf

app = typer.Typer(no_args_is_help=True, help="What was learnt for users: list, show, export, import, delete.")
Name = Annotated[str, typer.Argument(help="The adapter's name.", show_default=False)]
FAILED = 1
KEPT, WORLD = "kept", "world"


def adapt(
    method: Annotated[str, typer.Argument(help='A method, or several with bars: "ipa | oppu".', show_default=False)],
    *,
    model: Annotated[str, typer.Option(help="A local Hugging Face folder; else the embedded model.")] = EMBEDDED,
    users: Annotated[
        str, typer.Option(help='"kept": those of the space; "world"; or a file, see docs/data.md.')
    ] = KEPT,
    count: Annotated[int, typer.Option(help="Of a world or a file: users at most.")] = 64,
    learners: Annotated[int, typer.Option(help="Of a world or a file: users whom theta is learnt from.")] = 64,
    tasks: Annotated[str | None, typer.Option(help="Whose examples are learnt from; left out, all.")] = None,
    presets: Annotated[str, typer.Option(help='Settings for the model; "" for the papers\'.')] = "embedded",
    name: Annotated[str, typer.Option(help="Of the adapters; left out, the method's.")] = "",
    seed: Annotated[int, typer.Option(help="Of all random numbers, and of the world.")] = 0,
    device: Annotated[str, typer.Option(help="auto is the first GPU, else the CPU.")] = "auto",
    dtype: Annotated[
        str, typer.Option(help="auto is bfloat16 where the hardware multiplies it, else float32.")
    ] = "auto",
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what was cut off, to the same end.")] = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Learns from everybody, adapts to each user, and publishes his adapter in his folder.

    A user who cannot be trained is named at the end (exit code 1); the others' adapters are published.
    """
    from idiolect.cli.own.rounds import adapt as start

    with opened(home, space) as shelf:
        job = _job(
            shelf,
            method,
            open_model(model, device=device, dtype=dtype),
            people={"users": users, "count": count, "learners": learners},
            settings={"tasks": screen.names(tasks), "presets": presets},
            name=name,
            seed=seed,
        )
        with screen.progress(quiet=json) as tell:
            done = start(job, shelf, tell, resume=resume)
    if json:
        screen.as_json(asdict(done))
    else:
        typer.echo(f"{len(done.published)} adapters published as {job.name!r} in {done.seconds:.0f} s")
        typer.echo(f"{len(done.kept)} were there already, {len(done.without)} users have nothing to learn from")
        for user, why in done.failed.items():
            typer.echo(f"{user}: {why}", err=True)
        if done.full:
            typer.echo(
                f"{done.full} " + ("Then go on with --resume." if done.failed else "All is published."), err=True
            )
    if done.failed:
        raise typer.Exit(FAILED)


@app.command("list")
def list_(
    user: Annotated[str | None, typer.Argument(help="Only his.", show_default=False)] = None,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Every adapter: whose, by which method, over which base, how large.

    A damaged one is listed as such, with what to do.
    """
    said = ("name", "method", "model", "base", "bytes", "damage")
    with opened(home, space) as shelf:
        rows = [
            {"user": u, **{k: about[k] for k in said if k in about}}
            for u in ([user] if user else shelf.users())
            for about in shelf.all(u)
        ]
    if json:
        screen.as_json(rows)
        return
    for row in rows:
        whose = f"{row['user']:<20} {row['name']:<20}"
        if "damage" in row:
            typer.echo(f"{'damaged':>10}  {whose} {row['damage']}")
        else:
            typer.echo(f"{row['bytes']:>10}  {whose} {row['method']:<20} {row['model']} {row['base']}")


@app.command()
def show(user: Who, name: Name, home: Home = None, space: SpaceName = "default", json: Json = False) -> None:
    """One adapter: what it was trained with, its loss at each step, its tensors."""
    with opened(home, space) as shelf:
        about = shelf.about(user, name)
        kept, _ = shelf.load(user, name)
    from idiolect.data.codec import tensors_of
    from idiolect.evaluation.costs import parameters

    shown = {"user": user, "name": name, **about, "parameters": parameters(kept["own"])}
    shown["tensors"] = len(tensors_of(kept["own"]))
    if json:
        screen.as_json(shown)
        return
    for key, value in shown.items():
        text = " ".join(f"{x:.3f}" for x in value) if key == "losses" else value
        typer.echo(f"{key}: {text}")


@app.command()
def export(
    user: Who,
    name: Name,
    folder: Annotated[Path, typer.Argument(help="Where the PEFT folder goes.", show_default=False)],
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Writes an adapter of low-rank edits as a PEFT folder: base model + folder is that user's model anywhere."""
    from idiolect.cli.own.peft_folder import written

    with opened(home, space) as shelf:
        path, ranks = written(shelf, user, name, folder)
    if json:
        screen.as_json({"folder": str(path), "ranks": ranks})
    else:
        typer.echo(f"{path}: LoRA of rank {', '.join(map(str, ranks))}")


@app.command("import")
def import_(
    user: Who,
    folder: Annotated[Path, typer.Argument(help="A PEFT folder.", show_default=False)],
    *,
    name: Annotated[str, typer.Option(help="What the adapter is to be called.")] = "peft",
    model: Annotated[str, typer.Option(help="The base that it belongs to; else the embedded model.")] = EMBEDDED,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Reads a LoRA that PEFT or `export` wrote, and publishes it as the user's adapter."""
    from idiolect.cli.own.peft_folder import read

    with opened(home, space) as shelf:
        path = read(shelf, user, folder, name, open_model(model, device="cpu"))
    if json:
        screen.as_json({"folder": str(path)})
    else:
        typer.echo(path)


@app.command()
def delete(user: Who, name: Name, home: Home = None, space: SpaceName = "default") -> None:
    """Removes an adapter and its files; what the user said stays."""
    with opened(home, space) as shelf:
        shelf.delete(user, name)
    typer.echo("deleted")


@contextmanager
def opened(home: Path | None, space: str) -> Iterator[Shelf]:
    """The adapters of a space, which is made where it is missing."""
    from idiolect.cli.memory import opened as place
    from idiolect.cli.own.shelf import Shelf

    with place(home, space, here=True) as found:
        yield Shelf(found.store)


def _job(
    shelf: Shelf, spec: str, model: Any, *, people: dict[str, Any], settings: dict[str, Any], name: str, seed: int
) -> Any:
    from idiolect import config, registry
    from idiolect.cli.own.rounds import Job
    from idiolect.cli.own.shelf import plain
    from idiolect.evaluation.entries import members
    from idiolect.personalize import compose

    parts = [p.strip() for p in spec.split("|")]
    options = {p: dict(config.load(settings["presets"]).methods.get(p, {})) for p in parts}
    for part in parts:
        if settings["tasks"] and "tasks" in registry.get(part).__dataclass_fields__:
            options[part]["tasks"] = list(settings["tasks"])
    method = compose(spec, options)
    force = {
        p: {f.name: repr(getattr(m, f.name)) for f in fields(m) if f.init}
        for p, m in zip(parts, members(method), strict=True)
    }
    users, learners = _people(shelf, people, seed)
    called = plain(name or spec)
    return Job(
        spec=" | ".join(parts),
        method=method,
        options=force,
        model=model,
        seed=seed,
        name=called,
        users=users,
        learners=learners,
        kept=people["users"] == KEPT,
    )


def _people(shelf: Shelf, people: dict[str, Any], seed: int) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Those to adapt to, and those to learn from."""
    from idiolect.governance.view import population, view

    if people["users"] == KEPT:
        everybody = population(shelf.store)
        return {u.user_id: u for u in everybody}, everybody
    from idiolect.evaluation.experiment import Experiment, WorldConfig
    from idiolect.evaluation.tasks.opening import open_source

    file = people["users"] if people["users"] != WORLD else ""
    world = WorldConfig(seed=seed, users=people["count"], learners=people["learners"])
    source = open_source(Experiment(data=file, world=world))
    store = source.store()
    return {u: view(store, u, purpose="train") for u in source.users}, population(store, source.learners)
