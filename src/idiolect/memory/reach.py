"""How a handle gets at the rows of its user, and at no others: every way in goes through his own unit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.sqlite import rows
from idiolect.data.sqlite.connection import Connection
from idiolect.data.sqlite.rows import Row
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.sqlite.unit import Unit
from idiolect.governance.derived import settle
from idiolect.memory.filters import asked
from idiolect.memory.forget import Trace, expired
from idiolect.memory.messages import Moment, seconds
from idiolect.memory.results import iso, memory
from idiolect.memory.search import Question, passes, stated

Answers = Callable[[Any, str], "Reply"]  # a user's handle and what he says


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer. sources: ids of the records that it rests on."""

    text: str
    sources: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


class Reach:
    """One user of a space; `actor` stands in the audit trail for whoever asks."""

    def __init__(self, store: SQLiteStore, id: str, actor: str) -> None:
        self.id, self._store, self._actor = id, store, actor
        self.answers: Answers | None = None

    def chat(self, text: str) -> Reply:
        """An answer in his own terms, from what is known of him; what he says is kept, as by `add`.

        Raises:
            BadInput: the space was opened without a model, or the text is empty.
        """
        if self.answers is None:
            fix = 'Open the space with one: idiolect.open(..., model="embedded").'
            raise BadInput("chat", "this space has no model to answer with", fix)
        return self.answers(self, text)

    async def achat(self, text: str) -> Reply:
        """As `chat`, while other things go on."""
        return await asyncio.to_thread(self.chat, text)

    @contextmanager
    def _own(self) -> Iterator[Unit]:
        """His unit, made where it is missing."""
        with self._store.unit(self.id, make=True) as unit:
            assert unit is not None
            yield unit

    @contextmanager
    def _present(self, id: str) -> Iterator[Unit]:
        """His unit, for a memory that must be there."""
        with self._store.unit(self.id) as unit:
            if unit is None:
                raise unknown(id)
            yield unit

    def _known(self, connection: Connection, id: str) -> list[Row]:
        """All versions of a memory, oldest first."""
        found = self._lasting(rows.versions(connection, id))
        if not found:
            raise unknown(id)
        return found

    def _lasting(self, found: list[Row]) -> list[Row]:
        """Without what was to be kept until now, and could not be erased yet."""
        return [row for row in found if row.lasts(self._store.clock)]

    def _versions(self, id: str, action: str) -> list[Row]:
        with self._store.unit(self.id) as unit:
            if unit is None:
                return []
            with unit.reading() as connection:
                found = self._lasting(rows.versions(connection, id))
            unit.note(self._actor, action, record=found[-1].n if found else None, count=len(found[-1:]))
        return found

    def history(self, id: str) -> list[dict[str, Any]]:
        """A memory's texts, oldest first: {"memory", "from", "to", "event"}; "to" is None for the one that holds."""
        return [
            {
                "memory": memory(row.record),
                "from": iso(row.record.time),
                "to": None if row.replaced is None else iso(row.replaced),
                "event": "ADD" if row.version == 1 else "UPDATE",
            }
            for row in self._versions(id, "history")
        ]

    def audit(self) -> list[dict[str, Any]]:
        """Who read or changed what, when and for which purpose, oldest first; without content."""
        names = ("time", "actor", "action", "purpose", "count")
        with self._store.unit(self.id) as unit:
            if unit is None:
                return []
            unit.record()
            with unit.reading() as connection:
                found: Any = connection.execute(f"SELECT {', '.join(names)} FROM audit ORDER BY n").fetchall()
        return [{**dict(zip(names, row, strict=True)), "time": iso(row[0])} for row in found]

    def _question(
        self, text: str = "", top_k: int = 0, filters: Mapping[str, Any] | None = None, as_of: Moment | None = None
    ) -> Question:
        now = self._store.clock()
        moment, past = (now, False) if as_of is None else (seconds(as_of), True)
        return Question(text=text, top_k=top_k, moment=moment, now=now, past=past, filters=filters or {})

    def _settle(self) -> None:
        """Drops or reopens what was learnt from records that are gone, or without leave now."""
        settle(self._store, self.id)

    def _delete(self, connection: Connection, filters: Mapping[str, Any] | None, *, ended: bool = False) -> int:
        """Deletes every memory whose current text passes the filters, or of these what has ended, with its history."""
        held = {row.n: row for row in rows.current(connection)}
        told = stated(connection, held, None) if "kind" in asked(filters or {}) else {}
        wanted = [row for row in held.values() if passes(row, filters or {}, told)]
        traces = (Trace(id=row.record.id, time=row.record.time, until=row.record.valid_to) for row in wanted)
        gone = set(expired(traces, self._store.clock())) if ended else {row.record.id for row in wanted}
        rows.delete(connection, [row for row in rows.everything(connection) if row.record.id in gone])
        return len(gone)


def unknown(id: str) -> BadInput:
    """The same words whether nobody or somebody else has that id."""
    return BadInput(f"memory {id!r}", "this user has none of that id", "List his with get_all().")
