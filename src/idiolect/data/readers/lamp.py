"""LaMP (Salemi et al., ACL 2024): questions that each bring the profile of the person who asks.

A folder or file of questions ``[{"id", "input", "profile": [{...}]}]``, and beside it the outputs
``{"task": "LaMP_3", "golds": [{"id", "output"}]}``. Every question is a user of his own, as in the benchmark.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.core.types import Interaction, Message, Post, Query
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers.text import document, listing, mapping, text


@dataclass(frozen=True, slots=True)
class Shape:
    """One of LaMP's tasks: our name for it, the profile's fields, and what stands before the item in `input`."""

    task: str
    kind: type[Post] | type[Interaction]
    prompt: str
    text: str
    before: str


SHAPES = {
    "LaMP_1": Shape("cite", Post, "title", "abstract", "title "),
    "LaMP_2": Shape("tag", Interaction, "description", "tag", "description: "),
    "LaMP_3": Shape("rate", Interaction, "text", "score", "review: "),
    "LaMP_4": Shape("headline", Post, "text", "title", "article: "),
    "LaMP_5": Shape("title", Post, "abstract", "title", "of a paper: "),
    "LaMP_6": Shape("subject", Post, "text", "title", "email: "),
    "LaMP_7": Shape("rewrite", Post, "", "text", "after it: "),
}


def read(questions: str | Path, outputs: str | Path | None = None) -> Dataset:
    """Profiles and questions.

    Args:
        questions: the file of questions, or a folder with one ``*questions.json`` in it.
        outputs: the file of outputs; left out, the file beside it with "outputs" for "questions" in its name.

    Raises:
        BadInput: names the file and the question that cannot be read.
    """
    path = Path(questions)
    if path.is_dir():
        path = next(iter(sorted(path.glob("*questions.json*"))), path / "questions.json")
    beside = Path(outputs) if outputs else path.with_name(path.name.replace("questions", "outputs"))
    gold = mapping(document(beside), beside, "task", "golds")
    shape = SHAPES.get(str(gold["task"]))
    if shape is None:
        raise BadInput(beside, f"no task {gold['task']!r}", f"Known are {', '.join(SHAPES)}.")
    targets = dict(_target(g, f"{beside}, gold {n}") for n, g in enumerate(listing(gold["golds"], beside)))
    raw = document(path)
    if not isinstance(raw, list) or not raw:
        raise BadInput(path, "no list of questions", "Give LaMP's JSON.")
    people, asked = {}, []
    for i, entry in enumerate(raw):
        where = f"{path}, question {i}"
        item = mapping(entry, where, "id", "input", "profile")
        name, user = text(item["id"], where), f"lamp-{item['id']}"
        if name not in targets:
            raise BadInput(where, f"no output has its id {name!r}", f"Give the outputs that belong to it in {beside}.")
        people[user] = _profile(item["profile"], shape, where)
        asked.append(
            Asked(
                id=name,
                user=user,
                task=shape.task,
                query=_query(text(item["input"], where), shape),
                target=targets[name],
            )
        )
    return Dataset(name=str(gold["task"]), people=people, questions=tuple(asked))


def _target(raw: object, where: str) -> tuple[str, str]:
    gold = mapping(raw, where, "id", "output")
    return str(gold["id"]), text(gold["output"], where)


def _query(given: str, shape: Shape) -> Query:
    item = given.partition(shape.before)[2] or given
    return Query(messages=(Message("user", given),), task=shape.task, input=item)


def _profile(raw: Any, shape: Shape, where: str) -> tuple[Post | Interaction, ...]:
    found = []
    for n, entry in enumerate(listing(raw, where)):
        place = f"{where}, profile entry {n}"
        item = mapping(entry, place, "id", shape.text, *([shape.prompt] if shape.prompt else []))
        prompt = text(item[shape.prompt], place) if shape.prompt else ""
        when = _time(item.get("date"), n, place)
        said = text(item[shape.text], place)
        found.append(shape.kind(id=str(item["id"]), task=shape.task, prompt=prompt, text=said, time=when))
    return tuple(sorted(found, key=lambda r: r.time))


def _time(stated: object, position: int, where: str) -> float:
    """A dated entry's day, else its place in the profile."""
    if stated is None:
        return float(position)
    try:
        return datetime.fromisoformat(str(stated)).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise BadInput(where, f"{stated!r} is no date", "Write it like 2019-05-31.") from None
