"""LaMP-QA (Salemi and Zamani 2025): long answers to questions by people whose earlier questions are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks.card import Card

CATEGORIES = ("Art_and_Entertainment", "Lifestyle_and_Personal_Development", "Society_and_Culture")
CARD = Card(
    title="LaMP-QA",
    source="huggingface.co/datasets/alireza7/LaMP-QA, written by utils/download_datasets.py of "
    "github.com/LaMP-Benchmark/LaMP-QA",
    version="fields as evaluate_responses.py and data/formetters.py of that repository read them, the first in its "
    "copy at github.com/oz03-hub/Asym-LaMP-QA, 8874970c3d0d73700c82bc9b1162e6175a8a6be8",
    licence="none stated in the README (the data set's page was not read)",
    split="<category>_test.json; at least one of the three categories",
    protocol="a judge scores the answer by each aspect of the rubric; the narrative and the rubric are for the judge",
    files=(),
    model=True,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question; what its writer added and expects, for the judge alone; what he asked before, whole."""

    id: str
    question: str
    narrative: str
    aspects: tuple[str, ...]
    before: tuple[str, ...]


def read(folder: Path) -> dict[str, tuple[Asked, ...]]:
    """By category, those whose file is there.

    Raises:
        BadInput: none is there, or a question lacks a field.
    """
    there = [c for c in CATEGORIES if any((folder / f"{c}_test.json{end}").is_file() for end in ("", ".gz"))]
    if not there:
        names = ", ".join(f"{c}_test.json" for c in CATEGORIES)
        raise BadInput(folder, f"none of {names} is in it", f"They come from {CARD.source}")
    return {category: _asked(folder, f"{category}_test.json") for category in there}


def _asked(folder: Path, file: str) -> tuple[Asked, ...]:
    raw = CARD.document(folder, file)
    if not isinstance(raw, list) or not raw:
        raise BadInput(folder / file, "no list of questions", "Write the split as one JSON list")
    found = []
    for i, entry in enumerate(raw):
        place = f"{folder / file}, question {i}"
        item = mapping(entry, place, "id", "question", "narrative", "rubric_aspects", "profile")
        aspects = [mapping(a, place, "aspect")["aspect"] for a in listing(item["rubric_aspects"], place)]
        before = [mapping(p, place, "text")["text"] for p in listing(item["profile"], place)]
        id, question, narrative = (text(item[f], place) for f in ("id", "question", "narrative"))
        found.append(Asked(id, question, narrative, tuple(map(str, aspects)), tuple(map(str, before))))
    return tuple(found)


def count(data: Mapping[str, Sequence[Asked]]) -> dict[str, int]:
    """What is in it."""
    every = [q for questions in data.values() for q in questions]
    return {
        **{f"{category} questions": len(questions) for category, questions in data.items()},
        "aspects": sum(len(q.aspects) for q in every),
        "profile entries": sum(len(q.before) for q in every),
    }
