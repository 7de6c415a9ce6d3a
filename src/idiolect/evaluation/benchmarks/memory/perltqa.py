"""PerLTQA (Du et al. 2024): questions on profiles, relationships, events and dialogues of imaginary people."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PerLTQA",
    source="github.com/Elvin-Yiming-Du/PerLTQA, Dataset/en_v2",
    version="67f8351aa6cedddcfc9985e475cfb5565ffd6fa8",
    licence="CC BY-NC 4.0",
    split="every question of a person whose memories are there",
    protocol="one index a person over all four kinds of memory; recall@5 and MRR of the memory that is referred to",
    files=("perltmem_en_v2.json", "perltqa_en_v2.json"),
)
KINDS = ("social_relationship", "events", "dialogues")


@dataclass(frozen=True, slots=True)
class Case:
    """A question to one person's memories, and the ids of those that answer it."""

    person: str
    kind: str
    question: str
    answer: str
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Memories:
    """By person, his memories by id; and the questions."""

    people: Mapping[str, Mapping[str, str]]
    cases: tuple[Case, ...]


def read(folder: Path) -> Memories:
    """Raises:
    BadInput: a person or question lacks a field, or refers to a memory that he has not.
    """
    raw = mapping(CARD.document(folder, CARD.files[0]), folder / CARD.files[0])
    people = {name: dict(_memories(item, f"{folder / CARD.files[0]}, {name}")) for name, item in raw.items()}
    asked = CARD.document(folder, CARD.files[1])
    if not isinstance(asked, list):
        raise BadInput(folder / CARD.files[1], "no list of people", f"Take the file of version {CARD.version}")
    cases: list[Case] = []
    for entry in asked:
        for name, groups in mapping(entry, folder / CARD.files[1]).items():
            if name in people:
                cases += _cases(name, groups, people[name], f"{folder / CARD.files[1]}, {name}")
    return Memories(people, tuple(cases))


def _memories(raw: object, place: str) -> Iterator[tuple[str, str]]:
    item = mapping(raw, place, "profile", *KINDS)
    for name, value in mapping(item["profile"], place).items():
        yield name, f"{name}: {value}"
    for id, one in mapping(item["social_relationship"], place).items():
        yield id, " ".join(map(str, mapping(one, place).values()))
    for id, one in mapping(item["events"], place).items():
        event = mapping(one, f"{place}, event {id}", "content", "summary")
        yield id, f"{event['summary']}. {event['content']}"
    for id, one in mapping(item["dialogues"], place).items():
        said = mapping(mapping(one, f"{place}, dialogue {id}", "contents")["contents"], place)
        yield id, "\n".join(f"{time}: {' '.join(map(str, listing(lines, place)))}" for time, lines in said.items())


def _cases(name: str, raw: object, memories: Mapping[str, str], place: str) -> Iterator[Case]:
    groups = mapping(raw, place)
    for entry in listing(groups.get("profile", []), place):
        yield _case(name, "profile", entry, memories, place)
    for kind in KINDS:
        for group in listing(groups.get(kind, []), place):
            for entries in mapping(group, place).values():
                for entry in listing(entries, place):
                    yield _case(name, kind, entry, memories, place)


def _case(name: str, kind: str, raw: object, memories: Mapping[str, str], place: str) -> Case:
    item = mapping(raw, place, "Question", "Answer", "Reference Memory")
    stated = text(item["Reference Memory"], place)
    wanted = ast.literal_eval(stated) if stated.startswith("[") else [stated]
    if missing := [w for w in wanted if w not in memories]:
        raise BadInput(place, f"no memory has the id {missing[0]!r}", "Take both files of one version")
    return Case(name, kind, text(item["Question"], place), text(item["Answer"], place), tuple(wanted))


def count(data: Memories) -> dict[str, int]:
    """What is in it."""
    memories = sum(map(len, data.people.values()))
    return {"people": len(data.people), "memories": memories, "questions": len(data.cases)}


def measure(data: Memories, encoder: Encoder | None) -> Iterator[Row]:
    """BM25, by kind of memory and over all."""
    del encoder  # 140 people's memories would be encoded for hours: name a folder of vectors and use ipa for that
    ranked: list[tuple[Case, list[int], set[int]]] = []
    for person, memories in data.people.items():
        ids, index = list(memories), ranking.Lexical(list(memories.values()))
        for case in (c for c in data.cases if c.person == person):
            ranked.append((case, ranking.order(index.scores(case.question)), {ids.index(w) for w in case.wanted}))
    for part in ("all", "profile", *KINDS):
        mine = [r for r in ranked if part in ("all", r[0].kind)]
        if mine:
            yield from _rows(Label(part, "BM25"), mine)


def _rows(label: Label, ranked: Sequence[tuple[Case, list[int], set[int]]]) -> Iterator[Row]:
    owners = [c.person for c, _, _ in ranked]
    yield mean(label, "recall@5", [ranking.recall(r, w, 5) for _, r, w in ranked], owners)
    yield mean(label, "MRR", [ranking.reciprocal(r, w) for _, r, w in ranked], owners)
