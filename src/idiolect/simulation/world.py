"""A world: people with planted truth, made from a seed, saved as JSON, read from anybody's JSON of the same form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Protocol

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.types import KINDS, Message, Query, Record
from idiolect.simulation.language import Language
from idiolect.simulation.oracles import RULES
from idiolect.simulation.oracles import score as judge
from idiolect.simulation.people import Person, Probe

FORMAT = 1


class Fillable(Protocol):
    """What a world writes into (a store)."""

    def append(self, user: str, records: tuple[Record, ...]) -> Any: ...


@dataclass(frozen=True, kw_only=True)
class World:
    """People by id. `lexicon` holds what the oracles need of the language."""

    name: str
    people: Mapping[str, tuple[Record, ...]]
    asked: Mapping[str, tuple[Probe, ...]]
    lexicon: Mapping[str, Any] = field(default_factory=dict)
    truth: Mapping[str, Any] = field(default_factory=dict)

    @property
    def users(self) -> tuple[str, ...]:
        return tuple(self.people)

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p.task for probes in self.asked.values() for p in probes))

    def records(self, user: str) -> tuple[Record, ...]:
        """Oldest first.

        Raises:
            UnknownName: no such user.
        """
        if user not in self.people:
            raise UnknownName("user", user, self.people)
        return self.people[user]

    def probes(self, user: str, task: str) -> tuple[Probe, ...]:
        return tuple(p for p in self.asked.get(user, ()) if p.task == task)

    def score(self, probe: Probe, text: str) -> float:
        """The oracle's score in [0, 1]."""
        return judge(probe.truth, text, self.lexicon)

    def fill(self, store: Fillable) -> None:
        """Write everybody's records into a store."""
        for user, records in self.people.items():
            store.append(user, records)

    def save(self, path: Path) -> None:
        """Write the world as JSON (docs/world.md)."""
        users = [
            {
                "id": u,
                "records": [{"kind": r.kind, **asdict(r)} for r in records],
                "probes": [_probe_json(p) for p in self.asked.get(u, ())],
                "truth": self.truth.get(u, {}),
            }
            for u, records in self.people.items()
        ]
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {"format": FORMAT, "name": self.name, "lexicon": self.lexicon, "users": users}, ensure_ascii=False, indent=1
        )
        path.write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> World:
        """Raises:
        BadInput: names the file, the place in it and the fix.
        """
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as e:
            raise BadInput(path, f"is not a whole JSON file ({e})", "Write it again with: idiolect world") from e
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise BadInput(path, f"is not a world of format {FORMAT}", "See docs/world.md.")
        if not data.get("users"):
            raise BadInput(path, "has no users", "A world needs at least one user under 'users'.")
        people, asked, truth = {}, {}, {}
        for i, u in enumerate(data["users"]):
            where = f"{path}, users[{i}]"
            user = u.get("id") if isinstance(u, dict) else None
            if not isinstance(user, str) or user in people:
                raise BadInput(where, "has no id of its own", "Give each user a different 'id'.")
            people[user] = tuple(
                sorted(
                    (_record(x, f"{where}.records[{j}]") for j, x in enumerate(u.get("records", []))),
                    key=lambda r: r.time,
                )
            )
            asked[user] = tuple(_probe(x, user, f"{where}.probes[{j}]") for j, x in enumerate(u.get("probes", [])))
            truth[user] = u.get("truth", {})
        return cls(
            name=data.get("name", path.stem), people=people, asked=asked, lexicon=data.get("lexicon", {}), truth=truth
        )


def make(
    seed: int = 0,
    users: int = 64,
    *,
    history: int = 16,
    probes: int = 16,
    held: bool = True,
    language: Path | None = None,
) -> World:
    """A population from a seed. held: users, values and phrasings that the embedded model never saw in training.

    history: labelled examples of each task a user; probes: questions of each task a user; language: a lexicon file.

    Raises:
        BadInput: fewer than one user.
    """
    if users < 1:
        raise BadInput("world", f"{users} users", "Ask for at least one.")
    lang = Language.load(language, held=held)
    side = "t" if held else "l"
    people = [
        Person(user=f"{side}{seed}-{i:04d}", r=Random(f"{seed}/{side}/{i}"), lang=lang, history=history, asked=probes)
        for i in range(users)
    ]
    reply = {k: lang.data["reply"][k] for k in ("formal", "casual", "warm")}
    return World(
        name=f"world-{seed}{'' if held else '-learners'}",
        people={p.user: tuple(p.records) for p in people},
        asked={p.user: tuple(p.all_probes()) for p in people},
        lexicon={"synonyms": lang.synonyms, **reply},
        truth={p.user: p.truth for p in people},
    )


def _probe_json(p: Probe) -> dict[str, Any]:
    return {
        "id": p.id,
        "task": p.task,
        "query": p.query.text,
        "input": p.query.input,
        "target": p.target,
        "truth": dict(p.truth),
    }


def _record(data: Any, where: str) -> Record:
    """One record of a world file."""
    if not isinstance(data, dict) or data.get("kind") not in KINDS:
        raise BadInput(where, "is no record of a known kind", f"Set 'kind' to one of {', '.join(KINDS)}.")
    kind = KINDS[data["kind"]]
    known = set(kind.__dataclass_fields__)
    if unknown := set(data) - known - {"kind"}:
        raise BadInput(
            where, f"has the unknown field {sorted(unknown)[0]!r}", f"A {kind.kind} has: {', '.join(sorted(known))}."
        )
    try:
        return kind(**{k: v for k, v in data.items() if k != "kind"})
    except TypeError as e:
        raise BadInput(where, f"is not whole ({e})", f"A {kind.kind} has: {', '.join(sorted(known))}.") from e


def _probe(data: Any, user: str, where: str) -> Probe:
    """One probe of a world file."""
    try:
        truth = data["truth"]
        if truth["match"] not in RULES:
            raise UnknownName("rule of scoring", truth["match"], RULES)
        task = data["task"]
        query = Query(messages=(Message("user", data["query"]),), task=task, input=data.get("input", data["query"]))
        return Probe(id=data["id"], user=user, task=task, query=query, target=data["target"], truth=truth)
    except (KeyError, TypeError) as e:
        raise BadInput(
            where, f"is not whole ({e})", "A probe has id, task, query, target and truth with 'match'."
        ) from e
