"""`idiolect methods`: the table of methods, one method in full, and a new one."""

from __future__ import annotations

import ast
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any

import typer

from idiolect.cli import screen

app = typer.Typer(no_args_is_help=True, help="The methods: list them, show one, begin a new one.")
COLUMNS = ("method", "site", "phi", "trains", "access", "tasks")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def rows() -> list[dict[str, str]]:
    """One row a method, from the cards alone: no method is imported."""
    from idiolect import registry

    found = []
    for name in registry.names():
        card = registry.card(name)
        access = ", ".join(f"{role}: {a.name.lower().replace('_', ' ')}" for role, a in card.roles.items())
        tasks = ", ".join(card.tasks)
        values = (name, card.site, card.phi, card.trains, access.removeprefix("base: "), tasks)
        found.append(dict(zip(COLUMNS, values, strict=True)))
    return found


@app.command("list")
def list_(json: Json = False) -> None:
    """Every method, from its card: the site it writes, what phi is, what it trains, the access it asks."""
    if json:
        screen.as_json(rows())
        return
    from rich.table import Table

    table = Table(*COLUMNS, header_style="bold")
    for row in rows():
        table.add_row(*row.values())
    screen.show(table)


@app.command()
def show(name: str, json: Json = False) -> None:
    """One method: what its file says, its card, and its hyperparameters with the paper's defaults."""
    from idiolect import registry

    card = asdict(registry.card(name))
    card["roles"] = {role: access.name for role, access in card["roles"].items()}
    options = _options(registry.get(name)())
    source = registry.path(name)
    about = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    if json:
        screen.as_json({"name": name, "about": about, "card": card, "options": options})
        return
    typer.echo(f"{about}\n")
    for title, values in (("card", card), ("options", options)):
        typer.echo(f"{title}:")
        for key, value in values.items():
            if value not in ("", (), {}, False) or title == "options":
                typer.echo(f"  {key} = {value!r}")
    typer.echo(f"file: {source}")


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="What the method is called, and its file.")],
    like: Annotated[str, typer.Option(help="The method to begin from.")],
    folder: Annotated[Path, typer.Option(help="The checkout of idiolect, or a package of your own.")] = Path("."),
) -> None:
    """Writes a method's file and its test, which pass the contract suite as they are."""
    from idiolect import scaffold

    for path in scaffold.new(name, like=like, folder=folder):
        typer.echo(path)


def _options(method: Any) -> dict[str, Any]:
    return {f.name: getattr(method, f.name) for f in fields(method)}
