"""Facts: slot F1 and supersession on held-out frames, values and users of a world.

python benchmarks/facts.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from idiolect.core.types import Turn
from idiolect.memory.facts.extract import claims
from idiolect.memory.facts.slots import Claim, supersedes
from idiolect.simulation import world


def truths(made: world.World, user: str) -> set[tuple[str, str, str]]:
    """What a person of a world states, as (kind, key, value) in small letters."""
    truth = made.truth[user]
    found = {(f["kind"], f["key"], v) for f in truth["facts"] for v in (f["value"], f["old"]) if v}
    found |= {("visit", "", town) for town in truth["visits"]}
    names = {r.name: r.value for r in made.records(user) if r.kind == "relation"}
    found |= {("residence", names[relation], place) for relation, place in truth["homes"].items()}
    return {(kind, key.lower(), value.lower()) for kind, key, value in found}


def said(made: world.World, user: str) -> Iterator[tuple[Turn, Claim]]:
    """(turn, claim), oldest first."""
    for record in made.records(user):
        if isinstance(record, Turn):
            yield from ((record, claim) for claim in claims(record))


def measure(seed: int = 31, users: int = 60) -> dict[str, float]:
    """Figures on held-out frames, values and users."""
    made = world.make(seed=seed, users=users, history=1, probes=1)
    hits = given = wanted = 0
    right = retired = due = 0
    for user in made.users:
        found = {(c.kind, c.key.lower(), c.value.lower()) for _, c in said(made, user)}
        truth = truths(made, user)
        hits, given, wanted = hits + len(found & truth), given + len(found), wanted + len(truth)
        olds = {(f["kind"], f["key"].lower(), f["old"].lower()) for f in made.truth[user]["facts"] if f["old"]}
        gone = _retired([claim for _, claim in said(made, user)])
        right, retired, due = right + len(gone & olds), retired + len(gone), due + len(olds)
    precision, recall = hits / max(given, 1), hits / max(wanted, 1)
    return {
        "slot precision": precision,
        "slot recall": recall,
        "slot F1": 2 * precision * recall / max(precision + recall, 1e-9),
        "supersession precision": right / max(retired, 1),
        "supersession recall": right / max(due, 1),
    }


def _retired(stated: Sequence[Claim]) -> set[tuple[str, str, str]]:
    held: list[Claim] = []
    gone: set[tuple[str, str, str]] = set()
    for claim in stated:
        old = [c for c in held if (c.kind, c.key) == (claim.kind, claim.key) and supersedes(claim, c.value)]
        gone |= {(c.kind, c.key.lower(), c.value.lower()) for c in old}
        held = [c for c in held if c not in old] + [claim]
    return gone


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name:24} {figure:.3f}")
