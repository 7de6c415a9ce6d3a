"""LongLaMP (Kumar et al. 2024): long texts in a person's manner: abstracts, reviews, posts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.core.types import Message, Post, Query
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="LongLaMP",
    source="huggingface.co/datasets/LongLaMP/LongLaMP (each task's split written as one JSON list); "
    "github.com/LongLaMP-benchmark/LongLaMP-Benchmark",
    version="README.md of 41412feaadd6d07c74306de1d5e7e3ed3c9abc93; configurations <task>_user and <task>_temporal, "
    "splits train, val, test",
    licence="none stated in the README (the data set's page was not read); the e-mails need Avocado, from the LDC",
    split="<task>_user/test.json; at least one task",
    protocol="ROUGE-1, ROUGE-L, METEOR of the text under `output`",
    files=(),
    model=True,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Of one task: who asks, and the fields of a profile entry that were given and written."""

    task: str
    user: str
    given: str
    written: str


SHAPES = {
    "abstract_generation": Shape("abstract", "name", "title", "abstract"),
    "product_review": Shape("review", "reviewerId", "description", "reviewText"),
    "topic_writing": Shape("topic", "author", "summary", "content"),
}


def read(folder: Path) -> dict[str, Dataset]:
    """By task, those whose folder is there.

    Raises:
        BadInput: none is there, or a row lacks a field.
    """
    there = {t: folder / f"{t}_user" for t in SHAPES if (folder / f"{t}_user").is_dir()}
    if not there:
        names = ", ".join(f"{t}_user" for t in SHAPES)
        raise BadInput(folder, f"none of {names} is in it", f"They come from {CARD.source}")
    return {task: _task(path, SHAPES[task]) for task, path in there.items()}


def _task(folder: Path, shape: Shape) -> Dataset:
    raw = CARD.document(folder, "test.json")
    if not isinstance(raw, list) or not raw:
        raise BadInput(folder / "test.json", "no list of rows", "Write the split as one JSON list")
    people: dict[str, tuple[Post, ...]] = {}
    asked = []
    for i, entry in enumerate(raw):
        place = f"{folder / 'test.json'}, row {i}"
        item = mapping(entry, place, shape.user, "input", "output", "profile")
        user = f"{text(item[shape.user], place)}#{i}"
        people[user] = tuple(_post(p, shape, n, place) for n, p in enumerate(listing(item["profile"], place)))
        query = Query(messages=(Message("user", text(item["input"], place)),), task=shape.task)
        asked.append(Asked(id=str(i), user=user, task=shape.task, query=query, target=text(item["output"], place)))
    return Dataset(name=folder.name, people=people, questions=tuple(asked))


def _post(raw: object, shape: Shape, number: int, place: str) -> Post:
    item = mapping(raw, f"{place}, profile entry {number}", shape.given, shape.written)
    year = item.get("year")
    time = float(year) if isinstance(year, int) else float(number)
    return Post(
        id=str(item.get("id", number)),
        time=time,
        task=shape.task,
        prompt=str(item[shape.given]),
        text=str(item[shape.written]),
    )


def count(data: dict[str, Dataset]) -> dict[str, int]:
    """What is in it."""
    return {f"{task} rows": len(dataset.questions) for task, dataset in data.items()} | {
        f"{task} profile entries": sum(map(len, d.people.values())) for task, d in data.items()
    }
