"""Folders and files that only their owner may read. Nothing here follows a symbolic link below the home."""

from __future__ import annotations

import os
import re
import shutil
import stat
from contextlib import suppress
from pathlib import Path

from idiolect.core.errors import BadInput, StoreError

FOLDER, FILE = 0o700, 0o600
SPACE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
SPACES = "spaces"
SERVERS = ("postgresql://", "postgres://")
HOSTED = (
    "Give a folder, with --home or IDIOLECT_HOME: this is kept on a disk alone. A server holds users' memories, for "
    "idiolect.open(address) and the commands users, remember, recall, profile, facts, jobs, forget, consents, export, "
    "import, erase and doctor; see docs/data.md."
)


def default() -> Path:
    """Where data lies if nobody says otherwise: `IDIOLECT_HOME`, else ``~/.idiolect``."""
    return Path(os.environ.get("IDIOLECT_HOME") or Path.home() / ".idiolect")


def here(path: str | Path | None) -> Path:
    """The home as it was given, or where it lies if nobody says; nothing is made.

    Raises:
        BadInput: it is the address of a server.
    """
    given = Path(path) if path is not None else default()
    if given.parts[:1] in {(name.removesuffix("//"),) for name in SERVERS}:
        raise BadInput("home", "the address of a server, where a folder is needed", HOSTED)  # not shown: it may tell
    return given


def home(path: str | Path | None) -> Path:
    """The home, made where it is missing. Links above it are resolved; it is none itself.

    Raises:
        BadInput: a symbolic link, a file, a folder that holds other things, or the address of a server.
    """
    given = here(path).expanduser().absolute()
    above(given)
    try:
        where = given.parent.resolve() / given.name
        there = {path.name for path in where.iterdir()} if where.is_dir() and not where.is_symlink() else set()
    except OSError as error:
        raise refused(given, error) from error
    if there and SPACES not in there:  # looked at once: another process may be making it
        raise BadInput(where, "a folder that holds other things", "Give a folder of its own, or one to be made.")
    private(where)
    private(where / SPACES)
    return where


def space(home: Path, name: str) -> Path:
    """The folder of a space.

    Raises:
        BadInput: a name that is no plain word.
    """
    if not SPACE.fullmatch(name):
        fix = "Use at most 64 small letters, digits, '-' and '_', beginning with a letter or digit."
        raise BadInput(f"space {name[:80]!r}", "not a name for a space", fix)
    where = private(home / SPACES / name)
    private(where / "users")
    return where


def above(path: Path) -> None:
    """Makes the folders above a path that are missing, with the rights that are usual there.

    Raises:
        StoreError: the system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(path, error) from error


def private(path: Path) -> Path:
    """A folder that only its owner may enter: made, or made so.

    Raises:
        BadInput: a symbolic link, or no folder.
        StoreError: the system refuses.
    """
    try:
        made = _made(path)
        if made:
            synchronise(path.parent)
        elif stat.S_IMODE(path.lstat().st_mode) != FOLDER:
            path.chmod(FOLDER)
    except OSError as error:
        raise refused(path, error) from error
    return path


def _made(path: Path) -> bool:
    try:
        os.mkdir(path, FOLDER)
    except FileExistsError:
        if not stat.S_ISDIR(path.lstat().st_mode):
            raise BadInput(path, "a symbolic link or a file", "Put a real folder there, or name another one.") from None
        return False
    return True


def file(path: Path, content: bytes = b"") -> Path:
    """A file that only its owner may read, made with this content where it is missing.

    Raises:
        BadInput: a symbolic link, or no regular file.
        StoreError: the system refuses.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        found = None
    except OSError as error:
        raise refused(path, error) from error
    try:
        if found is None:
            _write(path, content)
            synchronise(path.parent)
        elif not stat.S_ISREG(found.st_mode):
            raise BadInput(path, "a symbolic link or no file", "Remove it, or name another home.")
        elif stat.S_IMODE(found.st_mode) != FILE:
            path.chmod(FILE)
    except OSError as error:
        raise refused(path, error) from error
    return path


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, FILE), "wb") as made:
        made.write(content)
        made.flush()
        if content:
            os.fsync(made.fileno())


def remove(path: Path) -> None:
    """Removes a folder with all in it; one that is not there is removed.

    It is renamed first, so that who still has it open cannot make new files in it.

    Raises:
        StoreError: the system refuses.
    """
    hidden = path.with_name(f".{path.name}")
    try:
        if path.exists():
            os.rename(path, hidden)
        if hidden.exists():
            shutil.rmtree(hidden)
        if path.parent.is_dir():
            synchronise(path.parent)
    except FileNotFoundError:
        return  # another process removed it as we did
    except OSError as error:
        raise refused(path, error) from error


def size(path: Path) -> int:
    """Bytes of all files in a folder."""
    found = 0
    for place, _, files in os.walk(path):
        for name in files:
            with suppress(FileNotFoundError):  # the log of a database comes and goes
                found += os.lstat(os.path.join(place, name)).st_size
    return found


def readable(path: Path) -> list[Path]:
    """What lies in a folder that others than its owner may read, or that is a symbolic link."""
    found = []
    for place, folders, files in os.walk(path):
        for one in (Path(place, name) for name in sorted([*folders, *files])):
            with suppress(FileNotFoundError):  # it went meanwhile
                mode = one.lstat().st_mode
                found += [one] if stat.S_ISLNK(mode) or mode & 0o077 else []
    return found


def synchronise(path: Path) -> None:
    """Waits until a folder's list of names is on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refused(path: Path, error: OSError) -> StoreError:
    """What the system said, with the way out."""
    what = error.strerror or type(error).__name__
    return StoreError(path, what, "Free space or rights there, then do it again.")
