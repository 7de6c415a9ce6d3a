"""Many people and several assistants: every talk and every question, kept as it comes, and what it says of them.

What stands in the file is not done again; a file that was begun with other people or another assistant is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import lines as read
from idiolect.data.readers.text import mapping
from idiolect.evaluation.comparison.within import plain
from idiolect.evaluation.significance.effects import Effect, effect, family
from idiolect.evaluation.simulated import elicitation, likability
from idiolect.evaluation.simulated.assistants import SCRIPTED, Assistant, adapting
from idiolect.evaluation.simulated.conversation import Exchange, talk
from idiolect.evaluation.simulated.measures import measures, planned, ranked
from idiolect.evaluation.simulated.users import Person

Line = dict[str, Any]
Tell = Callable[[str, int, int], None]
TALK, ASKED = "talk", "asked"
COMPARED = ("memory", "memory_changed", "reference", "dimensions", "likability", "adaptability", "on_topic")


@dataclass(frozen=True)
class Arm:
    """An assistant for each person; `digest` names what its replies depend on."""

    make: Callable[[Person], Assistant]
    digest: str = ""


REFERENCES: Mapping[str, Arm] = {name: Arm(made) for name, made in {**SCRIPTED, "adapting": adapting}.items()}


class Journal:
    """The lines of a run, on disk where a file is named."""

    def __init__(self, path: Path | None) -> None:
        """
        Raises:
            BadInput: the file holds a line that is none of a run's.
        """
        self.path = path
        self.lines: dict[tuple[str, str, str], Line] = {}
        if path is None or not path.exists():
            return
        written = path.read_bytes()
        whole = written[: written.rfind(b"\n") + 1]
        if whole != written:  # the run was cut off while it wrote
            path.write_bytes(whole)
        for where, raw in read(path):
            line = mapping(raw, where, "kind", "assistant", "person", "digest")
            self.lines[line["kind"], line["assistant"], line["person"]] = line

    def get(self, kind: str, assistant: str, person: Person, digest: str) -> Line | None:
        """What was done before.

        Raises:
            BadInput: it was done with another person of that name, or by another assistant.
        """
        found: Line | None = self.lines.get((kind, assistant, person.name))
        if found is not None and found["digest"] != digest:
            what = f"{assistant!r} met another {person.name!r} there, or was another"
            raise BadInput(self.path, what, "Give another file with --out, or the settings that it was begun with")
        return found

    def add(self, line: Line) -> Line:
        """One more line, on disk before we go on."""
        self.lines[line["kind"], line["assistant"], line["person"]] = line
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as out:
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
        return line


def simulate(
    people: Sequence[Person],
    arms: Mapping[str, Arm],
    *,
    questions: int,
    choosing: Sequence[str] = (),
    out: Path | None = None,
    tell: Tell,
) -> dict[str, Any]:
    """Everybody talks with every assistant and with the scripted ones, and is asked what he likes; then `summary`.

    Args:
        questions: how many each is asked, by each way of choosing them. choosing: assistants that also choose, in
            words. out: JSON lines, from which a run goes on.

    Raises:
        BadInput: fewer than two people, an assistant under a scripted one's name, or a file of another run.
    """
    if len(people) < 2 or len({p.name for p in people}) < len(people):
        raise BadInput("simulate", f"{len(people)} people, or two of one name", "Take two or more, each with a name")
    if taken := sorted(arms.keys() & {*REFERENCES, *WAYS}):
        raise BadInput("simulate", f"{taken[0]!r} is the name of a scripted one", "Give the assistant another name")
    journal = Journal(out)
    every = {**REFERENCES, **arms}
    talks = []
    for name, arm in every.items():
        for n, person in enumerate(people):
            tell(f"{name} talks", n, len(people))
            talks.append(_talk(journal, name, arm, person))
    asked = list(_questions(journal, people, {name: arms[name] for name in choosing}, questions, tell))
    return summary(talks, asked, list(arms), questions)


def _talk(journal: Journal, name: str, arm: Arm, person: Person) -> Line:
    digest = _digest(person, arm.digest)
    if found := journal.get(TALK, name, person, digest):
        return found
    exchanges = talk(person, arm.make(person))
    head = {"kind": TALK, "assistant": name, "person": person.name, "digest": digest}
    return journal.add({**head, "measures": measures(exchanges), "exchanges": [_exchange(e) for e in exchanges]})


WAYS = ("ours", "random", "best")  # of choosing a question


def _questions(
    journal: Journal, people: Sequence[Person], arms: Mapping[str, Arm], questions: int, tell: Tell
) -> Iterable[Line]:
    """Questions chosen in every way, and by the assistants themselves; of people whose wishes are known."""
    willing = [p for p in people if p.wants is not None and len(p.offers) > elicitation.KEPT]
    for name in (*WAYS, *arms):
        for n, person in enumerate(willing if questions else ()):
            tell(f"{name} asks", n, len(willing))
            digest = _digest(person, f"{arms[name].digest if name in arms else ''}/{questions}")
            yield journal.get(ASKED, name, person, digest) or journal.add(_asked(name, person, arms, questions, digest))


def _asked(name: str, person: Person, arms: Mapping[str, Arm], questions: int, digest: str) -> Line:
    own = replace(person, name=f"{person.name}-asked")  # nothing said in the talks is known to who asks now
    picker = elicitation.InWords(arms[name].make(own)) if name in arms else elicitation.pickers(person)[name]()
    found = elicitation.elicit(person, picker, questions)
    unread = picker.unread if isinstance(picker, elicitation.InWords) else 0
    return {
        "kind": ASKED,
        "assistant": name,
        "person": person.name,
        "digest": digest,
        "bits": list(found.bits),
        "choices": list(found.choices),
        "unread": unread,
    }


def _exchange(e: Exchange) -> dict[str, Any]:
    move = {"act": e.move.act, "session": e.move.session, "said": e.move.text, "reply": e.reply}
    judged = {"rating": e.rating, "right": e.right, "grades": dict(e.grades), "edited": e.edited}
    return {**move, **judged, "topical": e.topical}


def _digest(person: Person, assistant: str) -> str:
    whole = json.dumps([asdict(person), assistant], sort_keys=True, default=str)
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def summary(talks: Iterable[Line], asked: Iterable[Line], arms: Sequence[str], questions: int) -> dict[str, Any]:
    """Means by metric and assistant; the assistants against one another; questions; whether the scripted ones stand in
    the committed order."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    for line in talks:
        for metric, value in line["measures"].items():
            table.setdefault(metric, {}).setdefault(line["assistant"], {})[line["person"]] = value
    pairs = [(m, a, b) for m in COMPARED if m in table for a, b in combinations(arms, 2)]
    effects = [(m, effect(a, table[m][a], b, table[m][b])) for m, a, b in pairs if {a, b} <= table[m].keys()]
    return {
        "people": len({p for cells in table["memory"].values() for p in cells}),
        "means": {m: {a: float(np.mean(list(v.values()))) for a, v in cells.items()} for m, cells in table.items()},
        "comparisons": _family(effects),
        "scripted": _scripted(table),
        "elicitation": _elicitation(list(asked), questions),
        "not_graded": likability.declared()["not_graded"],
    }


def _family(effects: Sequence[tuple[str, Effect]]) -> list[dict[str, Any]]:
    adjusted = family([e for _, e in effects]) if effects else []
    return [{"metric": m, "name": e.name, **plain(e)} for (m, _), e in zip(effects, adjusted, strict=True)]


def _scripted(table: Mapping[str, Mapping[str, Mapping[str, float]]]) -> dict[str, Any]:
    """The order of the scripted assistants by the committed metric, and by the dimensions of likability."""
    plan, liked = planned(), likability.declared()["liked_more"]
    orders = {m: ranked({name: table[m][name] for name in SCRIPTED}) for m in plan["metrics"]}
    found: dict[str, Any] = {"orders": orders, "as_committed": all(o == plan["order"] for o in orders.values())}
    wishes = table.get("dimensions", {})
    if set(liked) <= wishes.keys():
        found["liked_more"] = ranked({name: wishes[name] for name in liked})
    return found


def _elicitation(lines: Sequence[Line], questions: int) -> dict[str, Any]:
    """By way of choosing: bits after each question, bits a question, choices foreseen; each way against chance."""
    bits: dict[str, dict[str, float]] = {}
    means: dict[str, Any] = {}
    for name in dict.fromkeys(line["assistant"] for line in lines):
        mine = [line for line in lines if line["assistant"] == name]
        bits[name] = {line["person"]: line["bits"][-1] for line in mine if line["bits"]}
        asked = sum(len(line["bits"]) for line in mine)
        means[name] = {
            "bits": np.mean([line["bits"] for line in mine], axis=0).round(4).tolist(),
            "bits_a_question": sum(bits[name].values()) / asked,
            "choices": float(np.mean([line["choices"][-1] for line in mine])),
            "unread": sum(line["unread"] for line in mine) / asked,
        }
    pairs = [("bits", effect(name, bits[name], "random", bits["random"])) for name in bits if name != "random"]
    return {"questions": questions, "ways": means, "against_random": _family(pairs)}
