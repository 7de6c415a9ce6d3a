"""Slots: what can be stated of a user, and when a new statement takes the place of an old one."""

from __future__ import annotations

from dataclasses import dataclass

from idiolect.core.types import Attribute, Record, Relation

SINGLE = ("name", "job", "home", "like", "meaning")  # one value at a time, for each key
CHANGING = ("allergy", "language", "hobby")  # several side by side, unless the user says that it changed
ADDITIVE = ("visit", "residence", "skill", "owns", "event")
KEYED = ("like", "person", "meaning", "residence")
ONES = """
mother father mum mom mommy mummy dad daddy wife husband spouse partner girlfriend boyfriend fiance fiancee boss manager
supervisor landlord landlady doctor dentist therapist mentor
"""
ONE = frozenset(ONES.split())
NAMES = {"like": "favourite {key}", "person": "{key}", "meaning": "{key} means", "residence": "home of {key}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one turn states: a value for a slot. `changed`: the user says that something else held before."""

    kind: str
    value: str
    key: str = ""
    changed: bool = False


def supersedes(new: Claim, value: str) -> bool:
    """Whether a claim takes the place of another value of the same kind and key.

    Additive facts stay side by side. A person has one mother but several friends: unless he says that it changed, a new
    name of a friend is another friend.
    """
    if new.value.casefold() == value.casefold() or new.kind in ADDITIVE:
        return False
    return new.kind in SINGLE or new.changed or (new.kind == "person" and new.key in ONE)


def record(claim: Claim, *, id: str, time: float, valid_to: float | None = None) -> Record:
    """The claim as a record of the profile."""
    name = NAMES.get(claim.kind, claim.kind).replace("{key}", claim.key)
    made = Relation if claim.kind == "person" else Attribute
    return made(id=id, name=name, value=claim.value, time=time, valid_from=time, valid_to=valid_to)
