"""`idiolect config show`: what the service would run with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from idiolect.cli import screen
from idiolect.cli.door.serve import needed
from idiolect.cli.memory import Json

app = typer.Typer(no_args_is_help=True, help="The settings of the service.")


@app.callback()
def config() -> None:
    """The settings of the service."""


@app.command()
def show(
    config: Annotated[Path | None, typer.Option(help="A TOML file, see docs/service.md.")] = None,
    json: Json = False,
) -> None:
    """The settings that hold, from the file and the environment, as TOML; what is secret is left out."""
    needed()
    from idiolect.applications.server.settings import load, shown

    tables = shown(load(config))
    if json:
        screen.as_json(tables)
    else:
        typer.echo("\n\n".join(f"[{name}]\n{_lines(table)}".strip() for name, table in tables.items()))


def _lines(table: dict[str, Any]) -> str:
    return "\n".join(f"{name} = {_toml(value)}" for name, value in table.items())


def _toml(value: Any) -> str:
    """A value as TOML: texts, numbers and lists are written as in JSON, tables inline."""
    from json import dumps

    if isinstance(value, dict):
        return f"{{{', '.join(f'{dumps(name, ensure_ascii=False)} = {_toml(one)}' for name, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return dumps(value, ensure_ascii=False)
