"""PersonaLens (Zhao et al. 2025): which fields of a rich profile does a task need?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PersonaLens",
    source="github.com/amazon-science/PersonaLens",
    version="e755f90a3600e80222e129a14a3b218fc6d2c808",
    licence="CC BY-NC 4.0",
    split="every task of every user; nothing is tuned",
    protocol="from the user's intent the affinity fields of his profile: precision, recall and F1 of the first three"
    " against those named; F1 of the same with their values",
    files=("res/schema.json",),
)
CHOSEN = 3


@dataclass(frozen=True, slots=True)
class Task:
    """One user's intent, the fields of his profile as "domain: field value", and the fields that the task needs."""

    user: str
    intent: str
    fields: tuple[tuple[str, str], ...]  # (field's name, as searched: with domain and value)
    wanted: frozenset[str]


def read(folder: Path) -> list[Task]:
    """Raises:
    BadInput: no user is there, or a profile or task lacks a field.
    """
    CARD.find(folder, CARD.files[0])
    people = sorted(p for p in (folder / "profile").glob("*") if p.is_dir())
    if not people:
        raise BadInput(folder / "profile", "nobody is in it", f"Take it from {CARD.source}")
    return [task for person in people for task in _tasks(person)]


def _tasks(person: Path) -> Iterator[Task]:
    profile = mapping(CARD.document(person, "profile.json"), person / "profile.json", "affinities")
    fields = tuple(
        (name, f"{domain}: {name} {value}")
        for domain, known in mapping(profile["affinities"], person / "profile.json").items()
        for name, value in mapping(known, person / "profile.json").items()
    )
    for key, raw in mapping(CARD.document(person, "tasks.json"), person / "tasks.json").items():
        place = f"{person / 'tasks.json'}, {key}"
        item = mapping(raw, place, "User Intent", "Relevant Affinity Types")
        wanted = frozenset(map(str, listing(item["Relevant Affinity Types"], place))) & {name for name, _ in fields}
        if wanted:
            yield Task(person.name, text(item["User Intent"], place), fields, wanted)


def count(data: Sequence[Task]) -> dict[str, int]:
    """What is in it; tasks that name no field of the profile are left out."""
    return {"users": len({t.user for t in data}), "tasks": len(data)}


def measure(data: Sequence[Task], encoder: Encoder | None) -> Iterator[Row]:
    """BM25 between intent and fields, of his own profile and of another's.

    Fields of the same names stand in nearly every profile, so that only what counts their values can be personal.
    """
    del encoder
    profiles = {t.user: t.fields for t in data}
    indexes = {user: ranking.Lexical([said for _, said in fields]) for user, fields in profiles.items()}
    following = dict(zip(profiles, [*list(profiles)[1:], *list(profiles)[:1]], strict=True))
    owners = [t.user for t in data]
    for label, whose in (
        (Label("all", "BM25", ours=True), {user: user for user in profiles}),
        (Label("all", "the same over another's profile", ours=True, control=True), following),
    ):
        chosen = []
        for task in data:
            ranked = ranking.order(indexes[whose[task.user]].scores(task.intent))[:CHOSEN]
            chosen.append([profiles[whose[task.user]][n] for n in ranked])
        names = [_scores({name for name, _ in c}, t.wanted) for c, t in zip(chosen, data, strict=True)]
        valued = [
            _scores({said for _, said in c}, {said for name, said in t.fields if name in t.wanted})
            for c, t in zip(chosen, data, strict=True)
        ]
        for n, metric in enumerate(("precision", "recall", "F1")):
            yield mean(label, metric, [scores[n] for scores in names], owners)
        yield mean(label, "F1 with values", [scores[2] for scores in valued], owners)


def _scores(found: Set[str], wanted: Set[str]) -> tuple[float, float, float]:
    """(precision, recall, F1) of one set against another; neither is empty."""
    right = len(found & wanted)
    return right / len(found), right / len(wanted), 2 * right / (len(found) + len(wanted))
