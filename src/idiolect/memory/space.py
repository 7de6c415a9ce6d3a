"""A space: one application's users, each behind a handle of his own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution, requires
from typing import TYPE_CHECKING, Any

from idiolect.data.sqlite import folder, rows, vectors
from idiolect.data.sqlite.connection import Damaged, value
from idiolect.data.sqlite.schema import UNIT
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.store import named
from idiolect.governance import erasure, state
from idiolect.governance.erasure import Erasure
from idiolect.memory.reach import Answers
from idiolect.memory.results import iso
from idiolect.memory.user import User

if TYPE_CHECKING:
    from idiolect.retrieval.protocol import Encoder

EXTRAS = ("local", "embed", "store", "postgres", "serve", "mcp", "trace", "eval")
NEEDS = re.compile(r"^([\w.-]+).*; extra == ['\"](\w+)['\"]$", re.MULTILINE)


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
        open_ = folder.readable(store.home)
        what = (
            "only their owner reads them" if not open_ else f"{open_[0]} and {len(open_) - 1} more are open to others"
        )
        yield _check("files", not open_, what)
        strays = store.strays()
        for path in strays:
            folder.remove(path)
        yield _check("folders", True, f"{len(strays)} that were never used, removed" if strays else "all in use")
        if lost := store.lost():
            what = f"{lost[0]} and {len(lost) - 1} more hold records of nobody that the catalogue names: "
            yield _check("catalogue", False, f"{what}put back catalogue.db, restore a backup, or remove them")
        store.sweep()
        yield from state.checks(store)
        yield extras()
        jobs = list[dict[str, Any]]()
        for id in self.users():
            yield self._unit(id)
            with suppress(Damaged):  # which was said just now
                jobs += self.user(id).jobs()
        yield queue(jobs)

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
        try:
            with self.store.unit(id) as unit:
                if unit is None:
                    return _check(f"user {id!r}", True, "erased meanwhile")
                sound = unit.sound()
                with unit.reading() as connection:
                    records = value(connection, "SELECT count(*) FROM record")
                    ends = rows.ends(connection)
                    waiting = vectors.waiting(connection, self.encoder, unit.path, records) if self.encoder else []
        except Damaged as error:
            return _check(f"user {id!r}", False, str(error))
        note = f", {len(waiting)} without a vector" if waiting else ""
        note += f", the next expires {iso(ends)}" if ends is not None else ""
        return _check(f"user {id!r}", sound, f"{records} records{note}" if sound else "damaged: restore a backup")


def queue(jobs: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """What waits to be understood, and what lies dead."""
    found = list(jobs)
    dead = sum(job["dead"] for job in found)
    what = f"{len(found) - dead} jobs wait: the next read does them" if len(found) > dead else "nothing waits"
    return _check("queue", not dead, f"{dead} lie dead: see `idiolect jobs`; {what}" if dead else what)


def extras() -> dict[str, Any]:
    """Which parts of the package lack something that they need."""
    lacking: dict[str, list[str]] = {}
    for name, extra in NEEDS.findall("\n".join(requires("idiolect") or ())):
        if extra in EXTRAS:
            try:
                distribution(name)
            except PackageNotFoundError:
                lacking.setdefault(extra, []).append(name)
    wanted = "; ".join(f"{extra} lacks {', '.join(names)}" for extra, names in lacking.items())
    what = f"{wanted}: pip install 'idiolect[{','.join(lacking)}]'" if lacking else f"all of {', '.join(EXTRAS)}"
    return _check("extras", True, what)


def _check(name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"check": name, "ok": ok, "detail": detail}
