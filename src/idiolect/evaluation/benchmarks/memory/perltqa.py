"""PerLTQA (Du et al. 2024): questions on profiles, relationships, events and dialogues of imaginary people."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import finding
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.finding import Histories, Question
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PerLTQA",
    source="github.com/Elvin-Yiming-Du/PerLTQA, Dataset/en_v2 (form: Dataset/README.md and the two files)",
    version="67f8351aa6cedddcfc9985e475cfb5565ffd6fa8",
    licence="CC BY-NC 4.0 (LICENSE.txt)",
    split="every question of a person whose memories are there, but for those that refer to a memory which is not",
    protocol="one index a person over all four kinds of memory; recall@5, MRR of the memory that is referred to",
    files=("perltmem_en_v2.json", "perltqa_en_v2.json"),
)
KINDS = ("social_relationship", "events", "dialogues")


def read(folder: Path) -> Histories:
    """Raises:
    BadInput: a person or question lacks a field, or many refer to memories that they have not.
    """
    first, second = (folder / name for name in CARD.files)
    raw = mapping(CARD.document(folder, CARD.files[0]), first)
    people = {name: dict(_memories(item, f"{first}, {name}")) for name, item in raw.items()}
    asked = CARD.document(folder, CARD.files[1])
    if not isinstance(asked, list):
        raise BadInput(second, "no list of people", f"Take the file of version {CARD.version}")
    questions: list[tuple[str, Question]] = []
    for entry in asked:
        for name, groups in mapping(entry, second).items():
            if name in people:
                questions += _questions(name, groups, f"{second}, {name}")
    return finding.joined(people, questions)


def _memories(raw: object, place: str) -> Iterator[tuple[str, str]]:
    item = mapping(raw, place, "profile", *KINDS)
    for name, value in mapping(item["profile"], place).items():
        yield name, f"{name}: {value}"
    for id, one in mapping(_literal(item["social_relationship"], place), place).items():
        yield id, " ".join(map(str, mapping(one, place).values()))
    for id, one in mapping(item["events"], place).items():
        event = mapping(one, f"{place}, event {id}", "content", "summary")
        yield id, f"{event['summary']}. {event['content']}"
    for id, one in mapping(item["dialogues"], place).items():
        said = mapping(mapping(one, f"{place}, dialogue {id}", "contents")["contents"], place)
        yield id, "\n".join(f"{time}: {' '.join(map(str, listing(lines, place)))}" for time, lines in said.items())


def _literal(raw: object, place: str) -> object:
    """A text that is written as a Python value, as that value: some people's relationships are in en_v2."""
    if not isinstance(raw, str):
        return raw
    try:
        found: object = ast.literal_eval(raw)
    except (ValueError, SyntaxError) as error:
        raise BadInput(place, f"{raw[:40]!r} is no Python value", "Fetch the file again") from error
    return found


def _questions(name: str, raw: object, place: str) -> Iterator[tuple[str, Question]]:
    groups = mapping(raw, place)
    for entry in listing(groups.get("profile", []), place):
        yield place, _question(name, "profile", entry, place)
    for kind in KINDS:
        for group in listing(groups.get(kind, []), place):
            for entries in mapping(group, place).values():
                for entry in listing(entries, place):
                    yield place, _question(name, kind, entry, place)


def _question(name: str, kind: str, raw: object, place: str) -> Question:
    item = mapping(raw, place, "Question", "Answer", "Reference Memory")
    stated = text(item["Reference Memory"], place).strip()
    wanted = listing(_literal(stated, place), place) if stated.startswith("[") else [stated]
    return Question(name, kind, text(item["Question"], place), text(item["Answer"], place), tuple(map(str, wanted)))


count = finding.count


def measure(data: Histories, encoder: Encoder | None) -> Iterator[Row]:
    """BM25, by kind of memory and over all."""
    del encoder  # 140 people's memories would be encoded for hours: name a folder of vectors and use ipa for that
    yield from finding.measure(data, cuts=(5,))
