"""A file system for SQLite that fails when it is told to, and that knows what a loss of power would leave."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import apsw
import pytest

from idiolect.core.errors import StoreError
from idiolect.data.sqlite.connection import Database

NAME = "faulty"
OUTSIDE = ("fsync", "mkdir", "pwrite", "unlink", "rmdir", "rename")  # what the store asks of the system itself


class Disk(apsw.VFS):
    """Counts what changes files; from call `fails` on nothing works, or only that call (`once`)."""

    def __init__(self) -> None:
        self.calls, self.fails, self.once = 0, 0, False
        self.durable: dict[str, bytes] = {}
        self._fsync, os.fsync = os.fsync, self._synchronised
        super().__init__(NAME, "")

    def unregister(self) -> None:
        os.fsync = self._fsync
        super().unregister()

    def _synchronised(self, descriptor: int) -> None:
        """What the store writes itself, rather than through SQLite."""
        self._fsync(descriptor)
        path = os.readlink(f"/proc/self/fd/{descriptor}")
        if os.path.isfile(path):
            self.durable[path] = Path(path).read_bytes()

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.count()
        super().xDelete(filename, syncdir)
        self.durable.pop(filename, None)

    def count(self) -> None:
        self.calls += 1
        if self.fails and (self.calls == self.fails if self.once else self.calls >= self.fails):
            raise apsw.FullError("the disk is full") if self.calls % 2 else apsw.IOError("the disk is broken")

    def set(self, fails: int, once: bool = False) -> None:
        self.calls, self.fails, self.once = 0, fails, once

    def after_power_loss(self, home: Path, copy: Path) -> Path:
        """What a new start would find: of SQLite's files only what was synchronised."""
        shutil.copytree(home, copy)
        for path in (p for p in copy.rglob("*") if p.is_file() and ".db" in p.name):
            path.write_bytes(self.durable.get(str(home / path.relative_to(copy)), b""))
            if path.name.endswith("-shm"):
                path.unlink()
        return copy

    @contextlib.contextmanager
    def outside(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        """Counts calls of the system that SQLite does not make, too."""

        def counted(call: Callable[..., Any]) -> Callable[..., Any]:
            def made(*args: Any, **more: Any) -> Any:
                try:
                    self.count()
                except apsw.Error as error:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
                return call(*args, **more)

            return made

        with patch.context() as within:
            for name in OUTSIDE:
                within.setattr(os, name, counted(getattr(os, name)))
            yield


class File(apsw.VFSFile):
    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        self._disk, self._path = disk, name.filename() if isinstance(name, apsw.URIFilename) else name
        super().__init__("", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        try:
            self._disk.count()
        except apsw.Error:
            super().xWrite(bytes(data)[: len(data) // 2], offset)  # torn in the middle
            raise
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.count()
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.count()
        super().xSync(flags)
        if self._path is not None and os.path.exists(self._path):
            with open(self._path, "rb") as file:
                self._disk.durable[str(self._path)] = file.read()


def broken_off(make: Callable[[int], Path], steps: Sequence[str]) -> Iterator[tuple[int, Path]]:
    """(k, database) where going forward failed at the k-th call, k = 1, 2, ... until it goes through."""
    disk, broken = Disk(), 0
    try:
        for k in range(1, 200):
            path = make(k)
            disk.set(k)
            try:
                database = Database(path, tuple(steps), vfs=NAME)
            except StoreError:
                broken += 1
            else:
                database.close()
                break
            finally:
                disk.set(0)
            yield k, path
        assert broken > 5
    finally:
        disk.unregister()
