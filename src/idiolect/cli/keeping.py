"""`idiolect export`, `import`, `erase`, `consents`, `doctor`: carrying users away, letting them go, what they allow."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idiolect.cli import screen
from idiolect.cli.memory import Home, Json, SpaceName, Who, Yes, adding, brought, confirmed, opened
from idiolect.core.errors import BadInput
from idiolect.data.policy import KNOWN, checked

if TYPE_CHECKING:
    from idiolect.core.types import Record
    from idiolect.memory.portable import Tell
    from idiolect.memory.user import User

UNSOUND = 1
REMEMBER = "remember"


def export(
    user: Who,
    folder: Annotated[Path, typer.Argument(help="A folder that is to be made.", show_default=False)],
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Writes all of a user into a folder (JSON lines and safetensors, see docs/data.md)."""
    with opened(home, space) as place, screen.progress(quiet=json) as tell:
        if place.store.key(user) is None:
            raise BadInput(f"user {user!r}", "nothing is kept of him", "See `idiolect users` for who is there.")
        count = place.user(user).export(folder, tell)
    if json:
        screen.as_json({"folder": str(folder), "records": count})
    else:
        typer.echo(f"{folder}: {count} records")


def import_(
    user: Who,
    path: Annotated[
        Path, typer.Argument(help="What `export` wrote, or a file of another program.", show_default=False)
    ],
    *,
    form: Annotated[str | None, typer.Option(help="chatgpt, mem0, letta, messages or chat; else told from it.")] = None,
    speaker: Annotated[str | None, typer.Option(help="His name in a chat log, where it is not his id.")] = None,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Reads an exported user, or what ChatGPT, mem0, Letta or a chat log has of him; what is there is left alone."""
    with opened(home, space) as place, screen.progress(quiet=json) as tell:
        handle = place.user(user)
        count = handle.import_(path, tell) if path.is_dir() else _foreign(handle, path, form, speaker, tell)
        remembered = handle.remembered
    if json:
        screen.as_json({"user": user, "records": count})
    else:
        typer.echo(f"{count} new records" + ("" if remembered else "; this user is not remembered"))


def erase(
    user: Who,
    yes: Yes = False,
    strict: Annotated[bool, typer.Option("--strict", help="Take what learnt from him out of service at once.")] = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Erases a user, looks for what may be left of him, and prints the receipt."""
    confirmed(user, yes)
    with opened(home, space) as place:
        receipt = place.user(user).erase(strict=strict)
    if json:
        screen.as_json({**asdict(receipt), "status": receipt.status})
        return
    if not receipt.unit:
        typer.echo("nothing was kept of this user")
        return
    typer.echo(f"unit {receipt.unit}: {receipt.records} memories, {receipt.bytes} bytes erased")
    typer.echo(f"{receipt.residue} pieces found in {receipt.searched} bytes outside users' folders; {receipt.status}")
    if receipt.shared:
        typer.echo(f"{receipt.shared} shared artifacts learnt from him: the receipt closes when they were learnt again")


def consents(
    user: Who,
    allow: Annotated[list[str] | None, typer.Option(help="A purpose, again for more.")] = None,
    withdraw: Annotated[
        list[str] | None, typer.Option(help="A purpose; train, share and remember have effects.")
    ] = None,
    *,
    yes: Yes = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """What a user allows: remember, assist, train, share, share_with_provider, or health:work (docs/governance.md)."""
    given, taken = set(allow or ()), set(withdraw or ())
    checked(given | taken)
    if REMEMBER in taken:
        confirmed(user, yes)
    with opened(home, space) as place:
        handle = place.user(user)
        if {REMEMBER} & (given | taken):
            handle.remember(REMEMBER in given - taken)
        if others := (given | taken) - {REMEMBER}:
            handle.consent(*((handle.consents() | (given & others)) - taken))
        found = {name: name in handle.consents() for name in KNOWN} | {REMEMBER: handle.remembered}
        found |= dict.fromkeys(sorted(handle.consents() - set(KNOWN)), True)
    if json:
        screen.as_json(found)
        return
    for name, on in found.items():
        typer.echo(f"{'yes' if on else 'no ':<4} {name}")


def doctor(
    *,
    database: Annotated[str | None, typer.Option(help="Looks at a PostgreSQL store instead: its address.")] = None,
    purge: Annotated[str | None, typer.Option(help="Its address as superuser: takes erased users' bytes out.")] = None,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """What is on, where data lies, and whether all of it is sound; exit code 1 where it is not."""
    found = []
    if database is not None or purge is not None:
        found = _server(database, purge, space)
    else:
        with opened(home, space, words=False) as place, screen.progress(quiet=json) as tell:
            of = len(place.users())
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


def _server(url: str | None, owner: str | None, space: str) -> list[dict[str, Any]]:
    """Checks of a PostgreSQL store, purged before where its owner's address is given."""
    from idiolect.data.postgres.purge import purge
    from idiolect.data.postgres.store import PostgresStore

    if url is None:
        raise BadInput("--purge", "no store is named", "Give the address of the application's role with --database.")
    store = PostgresStore(url, space)
    try:
        if owner is not None:
            purge(store, owner)
        open_ = sum(receipt.status == "open" for receipt in store.receipts())
        what = f"{open_} receipts are open: run `idiolect doctor --purge`" if open_ else "all are closed"
        return [
            {"check": "database", "ok": True, "detail": f"space {space}, {len(store.users())} users"},
            {"check": "erasures", "ok": not open_, "detail": what},
        ]
    finally:
        store.close()


def _foreign(handle: User, path: Path, form: str | None, speaker: str | None, tell: Tell) -> int:
    """Adds what another program kept of a user; gives how many records are new."""
    from idiolect.data.readers import foreign
    from idiolect.data.readers.messages import ALONE

    form = form or foreign.recognised(path)
    found = foreign.read(path, form, speaker=speaker or handle.id)
    whose = handle.id if handle.id in found.people else ALONE
    if whose not in found.people or (whose == ALONE != handle.id and len(found.people) > 1):
        names = ", ".join(list(found.people)[:5])
        raise BadInput(path, f"holds nothing of {handle.id!r}", f"It has: {names}.")
    given = brought(handle, found, whose, numbered=form == "messages")
    groups: dict[str, list[Record]] = {}
    notes = {record.id: found.notes.get((whose, record.id), {}) for record in given}
    for record in given:
        groups.setdefault(repr(sorted(notes[record.id].items())), []).append(record)
    count = done = 0
    for group in groups.values():
        count += len(adding(handle, group, tell, (done, len(given)), metadata=notes[group[0].id]))
        done += len(group)
    return count
