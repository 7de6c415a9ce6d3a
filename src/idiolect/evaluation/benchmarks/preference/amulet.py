"""Amulet (Zhang et al. 2025): prompts to be answered in a preferred manner, at decoding time."""

from __future__ import annotations

from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="Amulet",
    source="github.com/zowiezhang/Amulet",
    version="ba0fd1e07552a524a8bbb273390879fe1603aeca",
    licence="MIT",
    split="four lists of prompts",
    protocol="prompts only: answer with and without a method for each manner (creative, verbose, concise, uplifting)",
    files=(
        "HelpSteer_train.json",
        "UltraFeedback_truthful_qa.json",
        "UltraFeedback_ultrachat.json",
        "personal_preference_eval_preference_data.json",
    ),
    model=True,
)


def read(folder: Path) -> dict[str, tuple[str, ...]]:
    """By list, its prompts.

    Raises:
        BadInput: a list is none, or an entry has no question.
    """
    found = {}
    for file in CARD.files:
        raw, place = CARD.document(folder, file), folder / file
        if not isinstance(raw, list):
            raise BadInput(place, "no list of prompts", f"Take the file of version {CARD.version}")
        rows = [text(mapping(r, f"{place}, entry {i}", "question")["question"], place) for i, r in enumerate(raw)]
        found[file.removesuffix(".json")] = tuple(rows)
    return found


def count(data: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """What is in it."""
    return {name: len(prompts) for name, prompts in data.items()}
