"""`idiolect backup` and `restore`: everybody in sealed archives, and back again but for those who were erased."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from idiolect.cli import screen
from idiolect.cli.memory import Home, Json, SpaceName, opened
from idiolect.core.errors import BadInput

VARIABLE = "IDIOLECT_PASSPHRASE"
Words = Annotated[Path | None, typer.Option("--passphrase-file", help=f"Its first line; else {VARIABLE}, else asked.")]


def backup(
    folder: Annotated[Path, typer.Argument(help="Where the archives go: another disk.", show_default=False)],
    *,
    keys: Annotated[Path | None, typer.Option(help="Copies the key file there; keep it apart from them.")] = None,
    passphrase_file: Words = None,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Writes an encrypted archive of every user, and removes those of users who were erased."""
    from idiolect.memory import backup as archives

    if keys is not None and not keys.absolute().parent.is_dir():
        raise BadInput(keys, "its folder is not there", "Make the folder first, or name another place.")
    with opened(home, space, here=True) as place, screen.progress(quiet=json) as tell:
        known = (place.store.folder / "backup.keys").exists()
        done = archives.backup(place.store, folder, _passphrase(passphrase_file, twice=not known), tell)
        copy = Path(shutil.copy(done.keys, keys)) if keys else done.keys
    if json:
        screen.as_json(
            {"users": done.users, "bytes": done.bytes, "erased": done.erased, "keys": copy, "serial": done.serial}
        )
        return
    typer.echo(f"{folder}: {done.users} users, {done.bytes} bytes; {done.erased} archives of erased users removed")
    typer.echo(f"{copy}: key file {done.serial}. Without its newest copy and the passphrase nothing opens.")


def restore(
    folder: Annotated[Path, typer.Argument(help="What `backup` wrote.", show_default=False)],
    *,
    keys: Annotated[Path, typer.Option(help="The newest copy of the key file.", show_default=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Take an older key file: who was erased may come back.")
    ] = False,
    passphrase_file: Words = None,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Gives back every user of whom there is an archive and a key; who was erased stays erased."""
    from idiolect.memory import backup as archives

    with opened(home, space, here=True) as place, screen.progress(quiet=json) as tell:
        words = _passphrase(passphrase_file, twice=False)
        done = archives.restore(place.store, folder, keys, words, force=force, tell=tell)
    if json:
        screen.as_json({"users": done.users, "erased": done.erased, "there": done.there, "keys": done.keys})
        return
    typer.echo(f"{len(done.users)} users are back, {done.there} were there, {done.erased} stay erased")
    if done.keys:
        typer.echo("The service's keys are back: see `idiolect keys list`, and revoke again what was revoked since.")


def _passphrase(file: Path | None, *, twice: bool) -> str:
    """From a file, the environment, or the keyboard."""
    if file is not None:
        from idiolect.data.readers.text import whole

        return whole(file).partition("\n")[0].rstrip("\r")
    given = os.environ.get(VARIABLE)
    return given or str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))
