"""CIMemories (Mireshghallah et al. 2025): private facts, and messages in which most of them have no place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute
from idiolect.data.readers.text import listing, mapping
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="CIMemories",
    source="github.com/facebookresearch/CIMemories",
    version="e39806e92ec66db120c0f3b73c9cb105e7ff5314",
    licence="CC BY-NC 4.0",
    split="both files, 10 and 60 people",
    protocol="upstream's labels are not published: bring your own, then metrics ci_violation and ci_coverage",
    files=("data_openai_gpt-oss-120b.json", "data_openai_gpt-oss-120b_extended.json"),
    model=True,
)


@dataclass(frozen=True, slots=True)
class Person:
    """What an assistant remembers of somebody, and to whom it is to write what."""

    id: str
    facts: tuple[Attribute, ...]
    contexts: tuple[tuple[str, str], ...]  # (recipient, task)


def read(folder: Path) -> list[Person]:
    """Raises:
    BadInput: a person lacks his facts or contexts.
    """
    found = []
    for file in CARD.files:
        raw = CARD.document(folder, file)
        if not isinstance(raw, list):
            raw = list(mapping(raw, folder / file).values())
        if not raw:
            raise BadInput(folder / file, "nobody is in it", f"Take the file of version {CARD.version}")
        found += [_person(item, f"{file}-{i}", f"{folder / file}, person {i}") for i, item in enumerate(raw)]
    return found


def _person(raw: object, id: str, place: str) -> Person:
    item = mapping(raw, place, "information_attributes", "contexts")
    facts = mapping(item["information_attributes"], place)
    known = tuple(
        Attribute(id=name, name=name, value=str(mapping(fact, f"{place}, {name}", "value")["value"]))
        for name, fact in facts.items()
    )
    contexts = [mapping(c, place, "recipient", "task") for c in listing(item["contexts"], place)]
    return Person(id, known, tuple((str(c["recipient"]), str(c["task"])) for c in contexts))


def count(data: Sequence[Person]) -> dict[str, int]:
    """What is in it."""
    facts, contexts = sum(len(p.facts) for p in data), sum(len(p.contexts) for p in data)
    return {"people": len(data), "facts": facts, "contexts": contexts}
