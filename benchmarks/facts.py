"""Facts on held-out frames, values and users of a world: slots, supersession, what is sensitive, and what is retrieved.

python benchmarks/facts.py [--users N] [--seed N] [--world FILE.toml] [--learners]

--world takes a stranger's wording (docs/world.md), --learners the side that rules may be written by. Retrieval is by
words alone, without an encoder: `at 1` says how often the first record states what is asked for as it holds (or held).
What is sensitive counts as flagged where the fact is found, and (`lines`) where the line that states it is flagged.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import idiolect
from idiolect.core.types import Turn
from idiolect.governance import sensitive
from idiolect.memory.facts.extract import claims
from idiolect.memory.facts.slots import Claim, supersedes
from idiolect.memory.user import User
from idiolect.simulation import world
from idiolect.simulation.oracles import holds

HEALTH = "allergy"  # the kind of a world's facts that is sensitive
ADDITIVE = 1000


def truths(made: world.World, user: str) -> set[tuple[str, str, str]]:
    """What a person of a world states, as (kind, key, value) in small letters."""
    truth = made.truth[user]
    found = {(f["kind"], f["key"], v) for f in truth["facts"] for v in (f["value"], f["old"]) if v}
    found |= {("visit", "", town) for town in truth["visits"]}
    names = {r.name: r.value for r in made.records(user) if r.kind == "relation"}
    found |= {("residence", names[relation], place) for relation, place in truth["homes"].items()}
    return {(kind, key.lower(), value.lower()) for kind, key, value in found}


def said(made: world.World, user: str) -> Iterator[Claim]:
    """Claims, oldest first."""
    for record in made.records(user):
        if isinstance(record, Turn):
            yield from claims(record)


def measure(made: world.World) -> dict[str, float]:
    """Slots, supersession and sensitive facts."""
    hits: Counter[str] = Counter()
    given: Counter[str] = Counter()
    wanted: Counter[str] = Counter()
    right = retired = due = flagged = lines = private = 0
    for user in made.users:
        stated = list(said(made, user))
        found = {(c.kind, c.key.lower(), c.value.lower()) for c in stated if not c.over}
        truth = truths(made, user)
        for counted, these in ((hits, found & truth), (given, found), (wanted, truth)):
            counted.update(kind for kind, _, _ in these)
        olds = {(f["kind"], f["key"].lower(), f["old"].lower()) for f in made.truth[user]["facts"] if f["old"]}
        gone = _retired(stated)
        right, retired, due = right + len(gone & olds), retired + len(gone), due + len(olds)
        health = {fact for fact in truth if fact[0] == HEALTH}
        private += len(health)
        flagged += sum(bool(sensitive.of(f"{kind} {key}: {value}")) for kind, key, value in health & found)
        said_by_him = [record.text for record in made.records(user) if isinstance(record, Turn)]
        lines += sum(any(sensitive.of(text) for text in said_by_him if holds(text, fact[2])) for fact in health)
    figures = _slots(hits.total(), given.total(), wanted.total())
    figures |= {f"recall of {kind}": hits[kind] / wanted[kind] for kind in sorted(wanted)}
    return figures | {
        "supersession precision": right / max(retired, 1),
        "supersession recall": right / max(due, 1),
        "sensitive flagged": flagged / max(private, 1),
        "sensitive lines flagged": lines / max(private, 1),
        "additive retired": _additive(),
    }


def retrieved(made: world.World) -> dict[str, float]:
    """How often the first record found states the value that is asked for."""
    right: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder, idiolect.open(Path(folder), encoder=None) as space:
        for name in made.users:
            user, turns = space.user(name), [r for r in made.records(name) if isinstance(r, Turn)]
            user.add(turns)
            user.flush()
            for probe in made.asked[name]:
                if probe.task not in ("fact", "update"):
                    continue
                value, old = probe.truth["value"], probe.truth.get("not")
                asked[probe.task] += 1
                right[probe.task] += _first(user, probe.query.text, value)
                if old:
                    first, last = (min(t.time for t in turns if holds(t.text, v)) for v in (old, value))
                    between = (first + last) / 2
                    asked["as of"] += 1
                    right["as of"] += _first(user, probe.query.text, old, between)
    names = {"fact": "single at 1", "update": "updated at 1", "as of": "as of at 1"}
    return {names[task]: right[task] / n for task, n in asked.items()}


def _slots(hits: int, given: int, wanted: int) -> dict[str, float]:
    precision, recall = hits / max(given, 1), hits / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"slot precision": precision, "slot recall": recall, "slot F1": f1}


def _first(user: User, question: str, value: str, moment: float | None = None) -> bool:
    found = user.search(question, top_k=1, as_of=moment)["results"]
    return bool(found) and holds(found[0]["memory"], value)


def _additive() -> float:
    """Share of visits, each stated with a word of change, that retire another."""
    names = [f"Town{''.join(chr(97 + int(digit)) for digit in str(n))}" for n in range(ADDITIVE)]
    texts = [f"News: I visited {name} today." for name in names]
    stated = [c for i, text in enumerate(texts) for c in claims(Turn(id=str(i), text=text))]
    return len(_retired(stated)) / max(len(stated), 1)


def _retired(stated: Sequence[Claim]) -> set[tuple[str, str, str]]:
    held: dict[tuple[str, str], list[Claim]] = {}
    gone: set[tuple[str, str, str]] = set()
    for claim in stated:
        slot = held.setdefault((claim.kind, claim.key), [])
        old = [c for c in slot if supersedes(claim, c.value)]
        gone |= {(c.kind, c.key.lower(), c.value.lower()) for c in old}
        held[claim.kind, claim.key] = [c for c in slot if c not in old] + [claim] * (not claim.over)
    return gone


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=60)
    parser.add_argument("--seed", type=int, default=31)
    parser.add_argument("--world", type=Path)
    parser.add_argument("--learners", action="store_true")
    given = parser.parse_args()
    people = world.make(
        seed=given.seed, users=given.users, history=1, probes=7, held=not given.learners, language=given.world
    )
    for figure, share in (measure(people) | retrieved(people)).items():
        print(f"{figure:24} {share:.3f}")
