"""`idiolect remember`, `recall`, `profile`, `facts`, `jobs`, `forget`: what is kept of whom."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from idiolect.cli import screen
from idiolect.core.errors import BadInput

if TYPE_CHECKING:
    from idiolect.core.types import Record
    from idiolect.data.dataset import Dataset
    from idiolect.memory.portable import Tell
    from idiolect.memory.space import Space
    from idiolect.memory.user import User

LEAST = 0.005  # of a signal that is shown
BATCH = 200  # records that are added at once
Who = Annotated[str, typer.Argument(help="The user's id.", show_default=False)]
Home = Annotated[Path | None, typer.Option(help="Where data lies; else IDIOLECT_HOME, else ~/.idiolect.")]
SpaceName = Annotated[str, typer.Option("--space", help="The application whose users they are.")]
TopK = Annotated[int, typer.Option(help="How many.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before anything is erased.")]


def opened(home: Path | None, space: str, *, words: bool = True, here: bool = False) -> Space:
    """The space; with sentence vectors only where they are wanted, as opening the encoder takes seconds.

    Args:
        here: it has to lie on a disk.

    Raises:
        BadInput: the address of a server as the option, or where a folder is needed.
    """
    from idiolect.data.sqlite import folder
    from idiolect.memory.opening import open

    if home is not None and home.parts[:1] in (("postgresql:",), ("postgres:",)):
        raise BadInput("--home", "an address, not a folder", "Set IDIOLECT_HOME to the address of a server.")
    if here:
        home = folder.home(home)
    return open(home, space, encoder=None if words else "auto", actor="command line")


def confirmed(user: str, yes: bool) -> None:
    """Asks before everything that is kept of somebody goes; a no ends the command."""
    if not yes:
        typer.confirm(f"Erase everything of {user!r}?", abort=True, err=True)


def remember(
    user: Who,
    text: Annotated[list[str] | None, typer.Argument(help="What he said; each is a memory of its own.")] = None,
    *,
    file: Annotated[Path | None, typer.Option(help="Messages in JSON or JSON lines, see docs/data.md.")] = None,
    expires: Annotated[str | None, typer.Option(help="Erase it on a day: 2030-05-01, or POSIX seconds.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Whether to keep anything; off erases all.")] = None,
    yes: Yes = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Keeps what a user said, or switches whether to keep it at all."""
    if not text and file is None and on is None:
        raise BadInput("remember", "nothing to keep", 'Give what he said: idiolect remember ann "I live in Oslo".')
    if on is False:
        confirmed(user, yes)
    with opened(home, space) as place, screen.progress(quiet=json) as tell:
        handle = place.user(user)
        if on is not None:
            handle.remember(on)
        added = handle.add(list(text or ()), expires=expires)["results"]
        if file is not None:
            added += adding(handle, _read(file, handle), tell, expires=expires)
        remembered = handle.remembered
    if json:
        screen.as_json({"results": added, "remembered": remembered})
    else:
        typer.echo(f"{len(added)} new memories" + ("" if remembered else "; this user is not remembered"))


def recall(
    user: Who,
    query: Annotated[str, typer.Argument(help="The question.", show_default=False)],
    *,
    top_k: TopK = 10,
    as_of: Annotated[str | None, typer.Option(help="What held then: 2024-05-01, or POSIX seconds.")] = None,
    words: Annotated[bool, typer.Option("--words", help="By words alone, without opening the encoder.")] = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """The memories that bear on a question, with what each signal gave to their score, and which rule decided."""
    with opened(home, space, words=words) as place:
        found = place.user(user).search(query, top_k, as_of=as_of, explain=True)["results"]
    if json:
        screen.as_json({"results": found})
        return
    if not found:
        typer.echo(f"nothing is found of {user!r}", err=True)
    for one in found:
        typer.echo(f"{one['score']:.3f}  {one['created_at'][:10]}  {one['memory']}\n       {one['id']}  {_why(one)}")


def _why(found: dict[str, Any]) -> str:
    """Places by words and by vectors; what each signal gave, in standard deviations, greatest first; rules."""
    places = [f"{name} #{part['rank']:g} {part['score']:.3f}" for name, part in found["parts"].items()]
    shares = sorted(found["shares"].items(), key=lambda one: -abs(one[1]))
    signals = [f"{name} {share:+.2f}" for name, share in shares if abs(share) >= LEAST]
    rules = [f"{rule} {gain:+.2f}" for rule, gain in found["rules"].items()]
    return "; ".join(", ".join(part) for part in (places, signals, rules) if part)


def profile(user: Who, home: Home = None, space: SpaceName = "default", json: Json = False) -> None:
    """What is stated of a user: attributes, relations and wishes, the newest value first."""
    with opened(home, space) as place:
        found = place.user(user).profile()
    if json:
        screen.as_json(found)
        return
    if not any(found.values()):
        typer.echo(f"nothing is known of {user!r}", err=True)
    for group, values in ((group, values) for group, values in found.items() if values):
        typer.echo(f"{group}:")
        for name, stated in values.items():
            typer.echo(f"  {name}: {', '.join(stated)}")


def facts(
    user: Who,
    *,
    history: Annotated[bool, typer.Option("--history", help="Also what was superseded, and why.")] = False,
    as_of: Annotated[str | None, typer.Option(help="What held then: 2024-05-01, or POSIX seconds.")] = None,
    reinstate: Annotated[int | None, typer.Option(help="Number of a fact that holds all the same.")] = None,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """What a user stated of himself, since when each thing holds, and what took its place; oldest first."""
    with opened(home, space) as place:
        known = place.user(user)
        if reinstate is not None:
            known.reinstate(reinstate)
        found = known.facts(as_of=as_of, history=history)
    if json:
        screen.as_json({"results": found})
        return
    if not found:
        typer.echo(f"nothing is known of {user!r}", err=True)
    for one in found:
        until = f"to {one['valid_to'][:10]}  ({one['reason']})" if one["valid_to"] else ""
        typer.echo(f"{one['id']:>4}  {one['name']}: {one['value']}  from {one['valid_from'][:10]} {until}".rstrip())


def jobs(
    user: Annotated[str | None, typer.Argument(help="One user; everybody where it is left out.")] = None,
    *,
    revive: Annotated[bool, typer.Option("--revive", help="Do again what failed for good.")] = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """What waits to be understood of whom, how often it was tried, and what lies dead with which error."""
    with opened(home, space) as place:
        found = []
        for id in place.users() if user is None else (user,):
            handle = place.user(id)
            if revive and handle.revive():
                handle.flush()
            found += [{"user": id, **job} for job in handle.jobs()]
    if json:
        screen.as_json({"jobs": found})
        return
    dead = sum(job["dead"] for job in found)
    for job in found:
        status = f"dead: {job['error']}" if job["dead"] else f"waits, {job['tries']} tries"
        typer.echo(f"{job['user']}  {job['job']:>6}  {job['kind']}  {status}")
    typer.echo(f"{len(found) - dead} wait, {dead} lie dead")


def forget(
    user: Who,
    id: Annotated[list[str] | None, typer.Argument(help="Ids, as `recall` shows them.")] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Everything, the user himself stays.")] = False,
    ended: Annotated[bool, typer.Option("--ended", help="What held until a day that is over.")] = False,
    yes: Yes = False,
    home: Home = None,
    space: SpaceName = "default",
    json: Json = False,
) -> None:
    """Erases single memories with their history: from all reads at once, from all bytes before this ends."""
    if not (id or all_ or ended):
        fix = "Give ids, as `idiolect recall` shows them, --ended for what is over, or --all."
        raise BadInput("forget", "nothing is named", fix)
    if all_:
        confirmed(user, yes)
    with opened(home, space) as place:
        handle = place.user(user)
        for one in id or ():
            handle.delete(one)
        gone = len(id or ()) + (handle.delete_all(ended=not all_) if all_ or ended else 0)
        handle.flush()
    if json:
        screen.as_json({"forgotten": gone})
    else:
        typer.echo(f"{gone} memories erased")


def _read(file: Path, handle: User) -> list[Record]:
    """A user's turns in a file; ids come from what they say, so that reading it twice adds nothing."""
    from idiolect.data.readers.messages import ALONE, read

    found = read(file)
    whose = handle.id if found.people.get(handle.id) else ALONE
    if whose not in found.people or (whose == ALONE != handle.id and len(found.people) > 1):
        raise BadInput(file, f"holds nothing of {handle.id!r}", f"It has: {', '.join(list(found.people)[:5])}.")
    return brought(handle, found, whose, numbered=True)


def adding(
    handle: User, given: list[Record], tell: Tell, among: tuple[int, int] | None = None, **more: Any
) -> list[dict[str, Any]]:
    """Adds a file's records, some at a time; where it is stopped, the same again adds the rest.

    Args:
        among: how many were added before these, and of how many in all.
    """
    before, of = among or (0, len(given))
    added: list[dict[str, Any]] = []
    for start in range(0, len(given), BATCH):
        if of > BATCH:
            tell("adding", before + start, of)
        added += handle.add(given[start : start + BATCH], **more)["results"]
    return added


def brought(handle: User, found: Dataset, whose: str, *, numbered: bool = False) -> list[Record]:
    """A person's records in a file as the handle takes them: what states no time was said now, in its order.

    Args:
        numbered: their ids are numbers within their file, and become ones that tell them from those of all other files.
    """
    now, known = time.time(), set[str]()
    if found.undated:
        known = {entry["id"] for entry in handle.get_all()["results"]}
    taken = []
    for record in found.people[whose]:
        named = replace(record, id=hashlib.sha256(repr(record).encode()).hexdigest()[:16]) if numbered else record
        if (whose, record.id) not in found.undated:
            taken.append(named)
        elif named.id not in known:  # read before, it keeps the time that it got then
            taken.append(replace(named, time=now))
    return taken
