"""`idiolect keys create`, `list`, `revoke`, `rotate`: who may ask at the door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from idiolect.cli import screen
from idiolect.cli.memory import Home, Json, SpaceName
from idiolect.core.errors import MissingExtra

if TYPE_CHECKING:
    from idiolect.applications.server.speakers.keys import Keys

app = typer.Typer(no_args_is_help=True, help="Keys of the door: an application's, a user's, an operator's.")
Id = Annotated[str, typer.Argument(help="As `keys list` shows it.", show_default=False)]


@app.command()
def create(
    kind: Annotated[str, typer.Option(help="app, user or operator.")] = "app",
    name: Annotated[str, typer.Option(help="To know it by.")] = "",
    space: SpaceName = "default",
    user: Annotated[str | None, typer.Option(help="Whom a user key is bound to.")] = None,
    field: Annotated[str, typer.Option(help="Of a request, where an app key finds the user.")] = "user",
    scopes: Annotated[str | None, typer.Option(help="Joined by commas; see docs/service.md.")] = None,
    *,
    quota: Annotated[int, typer.Option(help="Users that it may create (scope users:create); 0: any number.")] = 0,
    per_minute: Annotated[int, typer.Option(help="Requests; 0: as the server says.")] = 0,
    pipeline: Annotated[str, typer.Option(help="Methods for its users.")] = "",
    budget: Annotated[int | None, typer.Option(help="Tokens of personal context at most, for its users.")] = None,
    strength: Annotated[float | None, typer.Option(help="0 generic to 1 personal, where a request is silent.")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """A new key. What is printed is shown once and kept nowhere."""
    given = {"name": name, "space": space, "user": user, "field": field, "quota": quota, "per_minute": per_minute}
    usual = {"pipeline": pipeline, "budget": budget, "strength": strength}
    with opened(home) as keys:
        key, secret = keys.create(kind, scopes=screen.names(scopes), **given, **usual)
    if json:
        screen.as_json({**asdict(key), "key": secret})
    else:
        typer.echo(secret)


@app.command("list")
def list_(home: Home = None, json: Json = False) -> None:
    """All keys, without their secrets."""
    with opened(home) as keys:
        found = keys.list()
    if json:
        screen.as_json([asdict(key) for key in found])
        return
    for key in found:
        state = "revoked" if key.revoked is not None else ",".join(key.scopes)
        when = datetime.fromtimestamp(key.created, UTC).date()
        typer.echo(f"{key.id}  {key.kind:<8} {key.space}  {key.user or key.name or '-'}  {when}  {state}")


@app.command()
def revoke(id: Id, home: Home = None) -> None:
    """From now on it opens nothing."""
    with opened(home) as keys:
        keys.revoke(id)
    typer.echo(f"{id} revoked")


@app.command()
def rotate(id: Id, home: Home = None) -> None:
    """A new secret, shown once; the old one opens nothing any more."""
    with opened(home) as keys:
        typer.echo(keys.rotate(id))


@contextmanager
def opened(home: Path | None) -> Iterator[Keys]:
    """The keys of a home.

    Raises:
        MissingExtra: the service is not installed.
    """
    for package in ("fastapi", "apsw"):
        if find_spec(package) is None:
            raise MissingExtra(package, "serve")
    from idiolect.applications.server.speakers.keys import Keys

    keys = Keys(home)
    try:
        yield keys
    finally:
        keys.close()
