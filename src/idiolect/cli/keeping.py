"""`idiolect export`, `import`, `erase`, `doctor`: carrying users away, letting them go, and what state all is in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from idiolect.cli import screen
from idiolect.cli.memory import Home, Json, SpaceName, Who, opened

UNSOUND = 1


def export(
    user: Who,
    folder: Annotated[Path, typer.Argument(help="A folder that is to be made.", show_default=False)],
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Writes all of a user into a folder (JSON lines and safetensors, see docs/data.md)."""
    with opened(home, space) as place:
        count = place.user(user).export(folder)
    if json:
        screen.as_json({"folder": str(folder), "records": count})
    else:
        typer.echo(f"{folder}: {count} records")


def import_(
    user: Who,
    folder: Annotated[Path, typer.Argument(help="What `export` wrote.", show_default=False)],
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Reads what `export` wrote; what is there already is left alone."""
    with opened(home, space) as place:
        count = place.user(user).import_(folder)
    if json:
        screen.as_json({"user": user, "records": count})
    else:
        typer.echo(f"{count} new records")


def erase(
    user: Who,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Erases a user, looks for what may be left of him, and prints the receipt."""
    if not yes:
        typer.confirm(f"Erase everything of {user!r}?", abort=True, err=True)
    with opened(home, space) as place:
        receipt = place.user(user).erase()
    if json:
        screen.as_json({**asdict(receipt), "status": receipt.status})
        return
    if not receipt.unit:
        typer.echo("nothing was kept of this user")
        return
    typer.echo(f"unit {receipt.unit}: {receipt.records} memories, {receipt.bytes} bytes erased")
    typer.echo(f"{receipt.residue} pieces found in {receipt.searched} bytes outside users' folders; {receipt.status}")


def doctor(home: Home = None, space: SpaceName = "default", json: Json = False) -> None:
    """What is on, where data lies, and whether all of it is sound; exit code 1 where it is not."""
    with opened(home, space, words=False) as place, screen.progress(quiet=json) as tell:
        of = len(place.users())
        found = []
        for done, check in enumerate(place.doctor()):
            tell("checking", min(done, of), of)
            found.append(check)
    if json:
        screen.as_json(found)
    else:
        for check in found:
            typer.echo(f"{'ok ' if check['ok'] else 'BAD'}  {check['check']:<12} {check['detail']}")
    if not all(check["ok"] for check in found):
        raise typer.Exit(UNSOUND)
