"""`idiolect users`, `users link`: of whom something is kept, and a link that lets one of them in at the page."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import typer

from idiolect.cli import screen
from idiolect.cli.door.keys import opened as keys_of
from idiolect.cli.memory import Home, Json, SpaceName, Who, opened
from idiolect.core.errors import BadInput

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
    with opened(home, space) as place:
        known = user in place.users()
    if not known:
        raise BadInput(f"user {user!r}", f"nobody of that id in space {space!r}", "See: idiolect users")
    with keys_of(home) as keys:
        from idiolect.applications.server.speakers.identity import LINK, Door

        code = Door(keys, space=space, token=None).ticket(space, user, "login")
    found = f"{url.rstrip('/')}/login?code={quote(code)}"
    if json:
        screen.as_json({"url": found, "expires_in": LINK})
    else:
        typer.echo(found)
