"""txtai's embeddings database: Faiss, BM25 and SQLite, weighed together as it does by itself (`hybrid`).

It knows no users, and a filter would drop what was drawn of others': each user has an index of his own here. An index
is in memory until it is told to be saved, which `settle` does once.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.rivals.load import Said
from idiolect.retrieval.protocol import Encoder


class Txtai:
    """One index a user."""

    def __init__(self, make: Callable[[], Any], folder: Path) -> None:
        self.name, self._make, self._folder = f"txtai {version('txtai')}, faiss and BM25", make, folder
        self._bases: dict[str, Any] = {}
        self._counts: dict[str, int] = {}

    def add(self, user: str, said: Said) -> None:
        count = self._counts[user] = self._counts.get(user, -1) + 1
        row = [(count, {"text": said.text}, None)]
        if user in self._bases:
            self._bases[user].upsert(row)
        else:
            self._bases[user] = self._make()
            self._bases[user].index(row)

    def settle(self) -> None:
        for user, base in self._bases.items():
            base.save(str(self._folder / user))

    def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
        if user not in self._bases:
            return []
        return [(hit["text"], user) for hit in self._bases[user].search(query, k)]

    def erase(self, user: str) -> None:
        self._bases.pop(user).close()
        shutil.rmtree(self._folder / user)

    def close(self) -> None:
        for base in self._bases.values():
            base.close()


def open(folder: Path, encoder: Encoder) -> Txtai:
    """
    Raises:
        MissingExtra: txtai is not installed.
    """
    try:
        from txtai import Embeddings
    except ImportError as error:
        raise MissingExtra("txtai", "rivals") from error

    def transform(inputs: list[Any]) -> np.ndarray[Any, np.dtype[np.float32]]:
        return encoder.encode([x[1] if isinstance(x, tuple) else x for x in inputs])

    def make() -> Any:
        return Embeddings(transform=transform, method="external", content=True, hybrid=True, columns={"text": "text"})

    return Txtai(make, folder)
