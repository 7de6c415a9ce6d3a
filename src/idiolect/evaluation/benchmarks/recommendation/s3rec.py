"""S3-Rec's sequences (Zhou et al. 2020): the next item in Amazon Beauty and LastFM."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import whole
from idiolect.evaluation.benchmarks import sequences
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="S3-Rec sequences",
    source="github.com/RUCAIBox/CIKM2020-S3Rec, data/",
    version="2a81540ae18615d88ef88227b0c066e5b74781e5",
    licence="none stated (derived from Amazon 2014 reviews and LastFM)",
    split="last item of a user measured, the one before chooses weights, on half of the users by md5",
    protocol="all items outside the history are ranked, ties share their mean place; HR and NDCG at 5, 10, 20",
    files=("Beauty.txt", "LastFM.txt"),
)
SHORTEST = 3
Sets: TypeAlias = Mapping[str, dict[str, NDArray[np.int64]]]


def read(folder: Path) -> Sets:
    """By set and user, his items, oldest first.

    Raises:
        BadInput: a line is not a user and at least three item numbers.
    """
    return {name.removesuffix(".txt"): _set(CARD.find(folder, name)) for name in CARD.files}


def _set(path: Path) -> dict[str, NDArray[np.int64]]:
    found = {}
    for number, line in enumerate(whole(path).splitlines(), 1):
        user, *items = line.split()
        if len(items) < SHORTEST or not all(i.isdigit() for i in items):
            raise BadInput(f"{path}, line {number}", "no user with three item numbers or more", "Fetch the file again")
        found[user] = np.array(items, dtype=np.int64)
    return found


def count(data: Sets) -> dict[str, int]:
    """What is in it."""
    return {f"{name} {what}": n for name, users in data.items() for what, n in _counted(list(users.values()))}


def _counted(histories: Sequence[NDArray[np.int64]]) -> list[tuple[str, int]]:
    items = np.concatenate(list(histories))
    return [("users", len(histories)), ("items", len(np.unique(items))), ("actions", len(items))]


def measure(data: Sets, encoder: Encoder | None) -> Iterator[Row]:
    """Popularity, neighbours, what follows what; ours: a mixture."""
    del encoder  # no titles are given
    for name, users in data.items():
        items = 1 + max(int(h.max()) for h in users.values())
        for row in sequences.measure(list(users), list(users.values()), items):
            yield replace(row, part=name if row.part == "all" else f"{name}, {row.part}")
