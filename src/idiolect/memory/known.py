"""What was taken from a user's words, and the queue that takes it: the part of the handle that is about facts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from idiolect.core.errors import BadInput
from idiolect.core.types import Record, Turn
from idiolect.data.sqlite import facts, jobs, lookup, rows
from idiolect.data.sqlite.connection import Busy, Connection
from idiolect.data.sqlite.facts import Fact
from idiolect.data.sqlite.rows import Row
from idiolect.data.sqlite.unit import Unit
from idiolect.memory.consolidate import merge
from idiolect.memory.facts import slots, table
from idiolect.memory.filters import asked
from idiolect.memory.messages import Moment, seconds
from idiolect.memory.reach import Reach
from idiolect.memory.results import Stated, iso
from idiolect.memory.search import Question, narrowed

BACK = re.compile(
    r"\b(?:used to|before|previous(?:ly)?|former(?:ly)?|earlier|originally|ago|once|back then|did|was|were|had|last"
    r"|first|ever|since|(?:19|20)\d\d)\b",
    re.I,
)
SHORT = 160  # characters
AT_ONCE = 64  # jobs that a read does before it answers
Told = TypeVar("Told")


def understand(connection: Connection, record: int) -> None:
    """What is done with every turn: is it said again, and what does it state?"""
    merge(connection, record)
    table.read(connection, record)


WORK: dict[str, Callable[[Connection, int], None]] = {"facts": understand}


class Known(Reach):
    """Facts, their history, and what waits to be done."""

    def facts(self, *, as_of: Moment | None = None, history: bool = False) -> list[dict[str, Any]]:
        """What he stated of himself, oldest first: typed, dated, with its sources and what is sensitive in it.

        Args:
            as_of: what held then; now where it is left out.
            history: also what was superseded, with the reason.
        """
        moment = None if as_of is None else seconds(as_of)
        with self._store.unit(self.id) as unit:
            if unit is None:
                return []

            def read(connection: Connection) -> tuple[list[Fact], dict[int, Row]]:
                found = [f for f in self._facts(connection) if history or table.holds(f, moment)]
                return found, rows.at(connection, [n for f in found for n in f.sources])

            found, ids = self._caught_up(unit, read)
            unit.note(self._actor, "facts", purpose="assist", count=len(found))
        return [_shown(fact, [ids[n].record.id for n in fact.sources if n in ids]) for fact in found]

    def _facts(self, connection: Connection) -> list[Fact]:
        """All facts, oldest first, but those of which every source is over; a source that is over is not named."""
        found, ended = facts.everything(connection), rows.ended(connection, self._store.clock())
        left = (replace(f, sources=tuple(n for n in f.sources if n not in ended)) for f in found)
        return [f for f in left if f.sources] if ended else found

    def over(self, question: str = "") -> frozenset[str]:
        """Ids of short records that state only what no longer holds, which an answer of today leaves out; none where
        the question looks back. A long one says more than was taken from it."""
        if BACK.search(question):
            return frozenset()
        with self._store.unit(self.id) as unit:
            if unit is None:
                return frozenset()
            return self._caught_up(unit, self._over)

    def _over(self, connection: Connection) -> frozenset[str]:
        found = facts.retired(connection, self._store.clock(), past=False)
        stated = (row.record for row in rows.at(connection, found).values() if row.replaced is None) if found else ()
        return frozenset(r.id for r in stated if isinstance(r, Turn) and len(r.text) <= SHORT)

    def reinstate(self, fact: int) -> None:
        """Takes back that a fact was superseded: it holds again, and what took its place does not.

        Raises:
            BadInput: he has no fact of that id.
        """
        with self._store.unit(self.id) as unit:
            if unit is None:
                raise _no_fact(fact)
            with unit.writing() as connection:
                known = facts.at(connection, fact)
                if known is None:
                    raise _no_fact(fact)
                table.reinstate(connection, known, self._store.clock())
                unit.changed(connection, self._actor, "reinstate")

    def jobs(self) -> list[dict[str, Any]]:
        """What waits or lies dead: {"job", "kind", "tries", "due", "dead", "error"}, oldest first."""
        with self._store.unit(self.id) as unit:
            if unit is None:
                return []
            with unit.reading() as connection:
                found = jobs.everything(connection)
        return [
            {"job": j.n, "kind": j.kind, "tries": j.tries, "due": iso(j.due), "dead": j.dead, "error": j.error}
            for j in found
        ]

    def revive(self) -> int:
        """Makes dead jobs due again; gives how many."""
        with self._store.unit(self.id) as unit:
            if unit is None:
                return 0
            with unit.writing() as connection:
                return jobs.revive(connection)

    def _catch_up(self, unit: Unit, most: int = AT_ONCE) -> int:
        """As `_work`, for a read: one that finds somebody else writing goes on without."""
        try:
            return self._work(unit, most, patient=False)
        except Busy:
            return 0

    def _caught_up(self, unit: Unit, asked: Callable[[Connection], Told]) -> Told:
        """What a question to his rows gives once what waits is done; mostly nothing does, and one read is enough."""
        with unit.reading() as connection:
            if not jobs.due(connection, self._store.clock(), 1):
                return asked(connection)
        self._catch_up(unit)
        with unit.reading() as connection:
            return asked(connection)

    def _work(self, unit: Unit, most: int = AT_ONCE, *, patient: bool = True) -> int:
        """Does up to `most` jobs whose time has come; gives how many it tried."""
        now = self._store.clock()
        with unit.reading() as connection:
            waiting = jobs.due(connection, now, most)
        if waiting:
            with unit.writing(patient=patient) as connection:
                for job in jobs.due(connection, now, most):  # another process may have been faster
                    jobs.attempt(connection, job, WORK[job.kind], now)
        return len(waiting)

    def _holding(self, question: Question, action: str) -> list[Row]:
        """The rows that hold and pass the filters, oldest first."""
        return [row for row, _ in self._entries(question, action)]

    def _entries(self, question: Question, action: str) -> list[tuple[Row, Stated | None]]:
        """As `_holding`, and of what passes as facts alone, those."""
        with self._store.unit(self.id) as unit:
            if unit is None:
                return []
            if "kind" in asked(question.filters):
                self._catch_up(unit)
            with unit.reading() as connection:
                wanted, told = narrowed(connection, question)
                found = rows.at(connection, lookup.valid(connection, wanted))
            unit.note(self._actor, action, purpose="assist", count=len(found))
        held = sorted(found.values(), key=lambda row: (row.record.time, row.n))
        return [(row, told.get(row.n)) for row in held]

    def _of_himself(self) -> tuple[list[Record], set[int]]:
        """(facts that hold, as records, oldest first; n of the rows that state only what no longer holds)."""
        with self._store.unit(self.id) as unit:
            if unit is None:
                return [], set()
            return self._caught_up(unit, self._stated)

    def _stated(self, connection: Connection) -> tuple[list[Record], set[int]]:
        held = [f for f in self._facts(connection) if table.holds(f, None)]
        over = facts.retired(connection, self._store.clock(), past=False)
        claims = ((f, slots.Claim(kind=f.kind, key=f.key, value=f.value)) for f in held)
        made = [slots.record(claim, id=f"fact {f.n}", time=f.valid_from) for f, claim in claims]
        return made, over


def _shown(fact: Fact, sources: list[str]) -> dict[str, Any]:
    return {
        "id": fact.n,
        "kind": fact.kind,
        "name": table.name(fact),
        "value": fact.value,
        "valid_from": iso(fact.valid_from),
        "valid_to": None if fact.valid_to is None else iso(fact.valid_to),
        "reason": fact.reason,
        "superseded_by": fact.by,
        "sensitive": list(fact.sensitive),
        "sources": sources,
    }


def _no_fact(n: int) -> BadInput:
    return BadInput(f"fact {n!r}", "this user has none of that id", "List his with facts(history=True).")
