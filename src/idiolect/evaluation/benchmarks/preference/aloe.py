"""ALOE (Wu et al. 2024): profiles and personalities, from which simulated users are made."""

from __future__ import annotations

import json
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import whole
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="ALOE",
    source="github.com/ShujinWu-0814/ALOE",
    version="b1b8285e3a759c8f7d9b84034447c89857f02e98",
    licence="none stated",
    split="profiles and personalities for training and, apart, for evaluation",
    protocol="each profile with a personality makes a simulated user (evaluation.simulated); alignment over ten turns",
    files=("profile.jsonl", "profile_eval.jsonl", "personality.jsonl", "personality_eval.jsonl"),
    model=True,
)


def read(folder: Path) -> dict[str, tuple[str, ...]]:
    """By file, its texts. One published line holds two, so the file is read value by value.

    Raises:
        BadInput: something other than a text stands in it.
    """
    return {name.removesuffix(".jsonl"): _texts(CARD.find(folder, name)) for name in CARD.files}


def _texts(path: Path) -> tuple[str, ...]:
    said, decoder, place = whole(path).strip(), json.JSONDecoder(), 0
    found = []
    while place < len(said):
        try:
            value, place = decoder.raw_decode(said, place)
        except json.JSONDecodeError as error:
            line = said.count("\n", 0, error.pos) + 1
            raise BadInput(f"{path}, line {line}", f"no JSON ({error.msg})", "Fetch the file again") from error
        if not isinstance(value, str):
            raise BadInput(path, f"a {type(value).__name__} where a text is wanted", f"Take version {CARD.version}")
        found.append(value)
        while place < len(said) and said[place] in " \r\n\t,":
            place += 1
    return tuple(found)


def count(data: dict[str, tuple[str, ...]]) -> dict[str, int]:
    """What is in it."""
    return {name: len(texts) for name, texts in data.items()}
