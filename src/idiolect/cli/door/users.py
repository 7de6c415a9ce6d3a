"""`idiolect users`, `users link`, `users token`: of whom something is kept, and what lets one of them in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from idiolect.cli import screen
from idiolect.cli.door.keys import opened as keys_of
from idiolect.cli.memory import Home, Json, SpaceName, Who, opened
from idiolect.core.errors import BadInput, UnknownName

app = typer.Typer(invoke_without_command=True)


@app.callback()
def users(context: typer.Context, home: Home = None, space: SpaceName = "default", json: Json = False) -> None:
    """Everybody of whom something is kept, with the number of memories."""
    if context.invoked_subcommand is not None:
        return
    with opened(home, space) as place:
        rows = [{"user": id, "memories": len(place.user(id).get_all()["results"])} for id in place.users()]
    if json:
        screen.as_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['memories']:>8}  {row['user']}")


@app.command()
def link(
    user: Who,
    url: Annotated[str, typer.Option(help="Where users reach the door.")] = "http://127.0.0.1:8321",
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """A link that logs a user in at the page: good once, within ten minutes."""
    if not url.startswith(("http://", "https://")):
        raise BadInput("--url", f"{url!r} is no address of a page", "Give one like https://notes.example.org.")
    from idiolect.applications.server.speakers.identity import LINK

    code = _ticket(user, "login", home, space)
    found = f"{url.rstrip('/')}/login?code={quote(code)}"
    _told(json, found, url=found, expires_in=LINK)


@app.command()
def token(
    user: Who,
    minutes: Annotated[int, typer.Option(min=1, max=720, help="How long it is good for.")] = 15,
    scopes: Annotated[str | None, typer.Option(help="Joined by commas: chat, memory:read, memory:write.")] = None,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """A credential for a client of one user's own, which ends by itself; it is shown once."""
    from idiolect.applications.server.speakers.identity import OWN

    wanted = screen.names(scopes) or OWN
    for scope in wanted:
        if scope not in OWN:
            raise UnknownName("scope", scope, OWN)
    said = _ticket(user, "token", home, space, scopes=wanted, seconds=60 * minutes)
    _told(json, said, token=said, expires_in=60 * minutes)


def _ticket(user: str, what: str, home: Path | None, space: str, **given: Any) -> str:
    """Something signed for somebody who is there.

    Raises:
        BadInput: nobody is there of that id.
    """
    with opened(home, space, here=True) as place:
        known = user in place.users()
    if not known:
        raise BadInput(f"user {user!r}", f"nobody of that id in space {space!r}", "See: idiolect users")
    with keys_of(home) as keys:
        from idiolect.applications.server.speakers.identity import Door

        return Door(keys, space=space, token=None).ticket(space, user, what, **given)


def _told(json: bool, line: str, **fields: Any) -> None:
    if json:
        screen.as_json(fields)
    else:
        typer.echo(line)
