"""PDR-Bench (Liang et al. 2025): research tasks, each for several people of whom a whole profile is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute, Message, Query
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="PDR-Bench",
    source="github.com/OPPO-PersonalAI/PersonalizedDeepResearchBench, data/ (README.md, docs/README_EN.md); fields as "
    "github.com/YijiaZhang0928/benchmark-intent (fcd75f1), data/pdr_import_v0_51/build_inventory.py, reads these files",
    version="5b43f9f188c747d154fc7666812ab93b7ca6a3c2",
    licence="Apache-2.0",
    split="English: 25 people, 250 pairs of task and person",
    protocol="reports are written by a generating model with search and scored by upstream's judge: there is no gold",
    files=("persona_data/personas_en.jsonl", "prompt_data/queries250_en.jsonl"),
    model=True,
)


def read(folder: Path) -> Dataset:
    """Everybody's profile, leaf by leaf, and what he asks; no question has a right answer.

    Raises:
        BadInput: a line lacks a field, or a task is for somebody without a profile.
    """
    people: dict[str, tuple[Attribute, ...]] = {}
    for place, raw in CARD.lines(folder, CARD.files[0]):
        persona = mapping(raw, place, "userid")
        user = text(persona["userid"], place)
        facts = _leaves({key: value for key, value in persona.items() if key != "userid"})
        people[user] = tuple(Attribute(id=str(n), name=name, value=value) for n, (name, value) in enumerate(facts))
    asked = []
    for place, raw in CARD.lines(folder, CARD.files[1]):
        item = mapping(raw, place, "id", "taskid", "userid", "domain", "task")
        user = text(item["userid"], place)
        if user not in people:
            raise BadInput(place, f"nobody has the id {user!r}", "Take both files of one version")
        query = Query(messages=(Message("user", text(item["task"], place)),), task=text(item["domain"], place))
        asked.append(Asked(id=text(item["id"], place), user=user, task=query.task, query=query, target=""))
    if not asked:
        raise BadInput(folder / CARD.files[1], "it holds no task", f"Take the file of version {CARD.version}")
    return Dataset(name="pdr_bench", people=people, questions=tuple(asked))


def _leaves(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """(path, text) of everything that is said in a profile; what is empty says nothing."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _leaves(one, f"{name} / {key}" if name else str(key))
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one, name)
    elif value is not None and str(value).strip():
        yield name, str(value)


def count(data: Dataset) -> dict[str, int]:
    """What is in it."""
    tasks = {q.query.text for q in data.questions}
    facts = sum(map(len, data.people.values()))
    return {"people": len(data.people), "facts": facts, "tasks": len(tasks), "pairs": len(data.questions)}
