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
FRIENDS = "friend buddy pal colleague coworker co-worker classmate teammate"
MANY = frozenset(FRIENDS.split())  # "my friend is called Bo" says of one of them
NAMES = {"like": "favourite {key}", "person": "{key}", "meaning": "{key} means", "residence": "home of {key}"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one turn states: a value for a slot. `changed`: the user says that something else held before; `only`: he
    speaks of it as the only one ("the name of my dog is ..."); `over`: he says that it holds no longer."""

    kind: str
    value: str
    key: str = ""
    changed: bool = False
    only: bool = False
    over: bool = False


def supersedes(new: Claim, value: str) -> bool:
    """Whether a claim takes the place of another value of the same kind and key.

    Additive facts stay side by side. A person has one mother but several friends: unless he says that it changed, a new
    name of a friend is another friend. Allergies are never outdone by one that is only spoken of as the only one: it
    would be dangerous to forget one. What is over takes no place, and ends what is the same.
    """
    same = new.value.casefold() == value.casefold()
    if new.over or same or new.kind in ADDITIVE:
        return new.over and same
    if new.kind in SINGLE or new.changed or (new.kind == "person" and new.key in ONE):
        return True
    return new.only and new.kind != "allergy" and new.key not in MANY


def record(claim: Claim, *, id: str, time: float, valid_to: float | None = None) -> Record:
    """The claim as a record of the profile."""
    name = NAMES.get(claim.kind, claim.kind).replace("{key}", claim.key)
    made = Relation if claim.kind == "person" else Attribute
    return made(id=id, name=name, value=claim.value, time=time, valid_from=time, valid_to=valid_to)
