"""A folder whose versions take each other's place at once: who reads it sees one whole, who writes it waits his turn.

A version is a folder of its own, and no file of it ever changes. The new one and the old one change names in one step
where the system knows how (Linux), else in two; readers here see nothing of the moment between, nor does a kill in it
lose anything. What killed writers left goes with the next one.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from idiolect.core.errors import BadInput

OLD = "-old"  # behind the name of a version that was put aside
DRAWN = 8  # characters that `mkdtemp` draws
HERE, EXCHANGE = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of Linux
ATTEMPTS = 64


def publish(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Puts what `fill` writes into an empty folder where `folder` is.

    Raises:
        BadInput: a file or a link stands there.
        OSError: it cannot be written; what was there is untouched.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise BadInput(folder, "a file or a symbolic link stands there", "Give the folder itself, or another name.")
    with _alone(folder.parent):
        _put_back(folder)
        _swept(folder)
        fresh = Path(tempfile.mkdtemp(prefix=_begun(folder), dir=folder.parent))
        claim = _claimed(fresh)  # whose claim ends with the process
    try:
        fill(fresh)
        for path in fresh.iterdir():
            _synchronised(path)
        with _alone(folder.parent):
            _placed(fresh, folder)
            shutil.rmtree(fresh, ignore_errors=True)  # by now the version before
            with suppress(OSError):  # it is published, whatever a disk says that synchronises no folders
                _synchronised(folder.parent)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    finally:
        os.close(claim)
    return folder


def read(folder: Path, names: Sequence[str]) -> dict[str, bytes]:
    """Files of one version; a name is left out where it has no such file, or a link or a device there.

    Raises:
        BadInput: it is replaced faster than it can be read.
    """
    for _ in range(ATTEMPTS):
        held = _held(folder)
        if held is None:
            return {}
        try:
            found = {n: content for n in names if (content := _content(n, held)) is not None}
            if len(found) == len(names) or _still(folder, held):
                return found  # else its files went while we read: another version lies there
        finally:
            os.close(held)
    raise BadInput(folder, "is being replaced without pause", "Let one process at a time write it.")


def _held(folder: Path) -> int | None:
    """A descriptor of the version that lies there now, whatever its name becomes; None where none does."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    if not folder.parent.is_dir():
        return None
    with _alone(folder.parent):  # a writer between two names is done by then, or was killed there
        _put_back(folder)
    with suppress(FileNotFoundError, NotADirectoryError):
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    return None


def _still(folder: Path, held: int) -> bool:
    try:
        return os.path.samestat(os.stat(folder), os.fstat(held))
    except FileNotFoundError:
        return False


def _content(name: str, held: int) -> bytes | None:
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=held)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        return file.read() if stat.S_ISREG(os.fstat(descriptor).st_mode) else None


def _placed(fresh: Path, folder: Path) -> None:
    """The fresh folder where the old one was, and the old one under the fresh one's name."""
    if not folder.exists():
        os.rename(fresh, folder)
    elif not _exchanged(fresh, folder):
        old = fresh.with_name(fresh.name + OLD)
        os.rename(folder, old)
        try:
            os.rename(fresh, folder)
        except BaseException:
            if not folder.exists():
                os.rename(old, folder)
            raise
        os.rename(old, fresh)


def _exchanged(one: Path, other: Path) -> bool:
    """Two names change places in one step; False where the system or the disk does not know how."""
    exchange = getattr(ctypes.CDLL(None), "renameat2", None)
    return exchange is not None and exchange(HERE, os.fsencode(one), HERE, os.fsencode(other), EXCHANGE) == 0


def _put_back(folder: Path) -> None:
    """Where a process was killed between two names, the old version is there again."""
    if folder.exists() or not folder.parent.is_dir():
        return
    left = [p for p in _beside(folder, OLD) if p.is_dir() and not p.is_symlink()]
    for old in sorted(left, key=lambda p: p.stat().st_mtime_ns)[-1:]:
        os.rename(old, folder)


def _swept(folder: Path) -> None:
    """Removes what killed writers left: folders that nobody claims."""
    for path in (*_beside(folder, ""), *_beside(folder, OLD)):
        with suppress(OSError):  # claimed, gone, or no folder
            descriptor = _claimed(path)
            shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)


def _begun(folder: Path) -> str:
    return f".{folder.name}.version-"


def _beside(folder: Path, end: str) -> list[Path]:
    """Folders of versions that are not, or no longer, in place."""
    begun = _begun(folder)
    size = len(begun) + DRAWN + len(end)
    found = [p for p in folder.parent.iterdir() if p.name.startswith(begun) and p.name.endswith(end)]
    return [p for p in found if len(p.name) == size]


def _claimed(path: Path) -> int:
    """A descriptor under which a folder is one writer's.

    Raises:
        OSError: it is another's, or no folder.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _synchronised(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(parent: Path) -> Iterator[None]:
    """One at a time beside a folder's versions; a killed process lets go."""
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):  # some network disks lock no folders: there the one step must do
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
