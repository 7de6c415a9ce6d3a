"""Claims entered into a unit: the same said again is one more source, a new value of a slot takes the old one's
place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from idiolect.data.sqlite import facts, rows
from idiolect.data.sqlite.connection import Connection
from idiolect.data.sqlite.facts import Fact
from idiolect.governance import sensitive
from idiolect.memory.facts.extract import claims
from idiolect.memory.facts.slots import ADDITIVE, NAMES, Claim, supersedes

BACK = "taken back"


def name(fact: Fact) -> str:
    """What a profile calls it."""
    return NAMES.get(fact.kind, fact.kind).replace("{key}", fact.key)


def read(connection: Connection, record: int) -> None:
    """Takes from one record what it states; a record that is gone or corrected states nothing."""
    row = rows.at(connection, [record]).get(record)
    if row is not None and row.replaced is None:
        for claim in claims(row.record):
            enter(connection, claim, record, row.record.time)


def enter(connection: Connection, claim: Claim, record: int, time: float) -> None:
    """One claim of one record.

    What is read late stands where it belongs in time: a value stated before another one holds until that one was said.
    """
    alone = claim.value if claim.kind in ADDITIVE or claim.over else None  # others of its kind cannot matter
    known = facts.slot(connection, claim.kind, claim.key, alone)
    gone = [f for f in known if f.valid_to is None and f.valid_from <= time and supersedes(claim, f.value)]
    if claim.over and not gone:  # to say that something is over does not state it
        return
    for fact in known:
        if fact.value.casefold() == claim.value.casefold() and fact.valid_to is None and not claim.over:
            facts.stated(connection, fact.n, record)
            return
    flagged = sensitive.of(f"{claim.kind} {claim.key}: {claim.value}")
    slot = (claim.kind, claim.key, claim.value)
    new = facts.insert(connection, slot, time, record, flagged)
    for fact in gone:
        facts.close(connection, fact.n, time, _why(claim), new)
    later = [fact for fact in known if fact.valid_from > time and supersedes(_claim(fact, claim.changed), claim.value)]
    if claim.over:  # it holds for no time, and goes with its record, after which the old holds again
        facts.close(connection, new, time, _why(claim))
    elif later:
        facts.close(connection, new, later[0].valid_from, _why(claim), later[0].n)


def reinstate(connection: Connection, fact: Fact, now: float) -> None:
    """Takes back that a fact was superseded: it holds again, and what took its place does not."""
    facts.reopen(connection, fact.n)
    if fact.by is not None:
        facts.close(connection, fact.by, now, BACK, fact.n)


def decisions(connection: Connection) -> list[dict[str, Any]]:
    """What was reinstated, and instead of what, so that it can be done again where the facts are made anew."""
    found = ((f, facts.at(connection, f.by)) for f in facts.everything(connection) if f.reason == BACK and f.by)
    return [
        {"kind": held.kind, "key": held.key, "value": held.value, "instead_of": over.value, "when": over.valid_to}
        for over, held in found
        if held is not None
    ]


def decide(connection: Connection, made: Mapping[str, Any]) -> None:
    """Reinstates again; a fact that is not there, or was superseded by another one, stays as it is."""
    for fact in facts.slot(connection, made["kind"], made["key"], made["value"]):
        by = None if fact.by is None else facts.at(connection, fact.by)
        if by is not None and by.value == made["instead_of"]:
            reinstate(connection, fact, made["when"])
            return


def holds(fact: Fact, moment: float | None) -> bool:
    """Whether it holds in a moment; now where that is left out."""
    if moment is None:
        return fact.valid_to is None
    return fact.valid_from <= moment and (fact.valid_to is None or moment < fact.valid_to)


def _claim(fact: Fact, changed: bool) -> Claim:
    return Claim(kind=fact.kind, key=fact.key, value=fact.value, changed=changed)


def _why(claim: Claim) -> str:
    if claim.over:
        return "the user says that it is over"
    return "the user says that it changed" if claim.changed else "a newer value of the same"
