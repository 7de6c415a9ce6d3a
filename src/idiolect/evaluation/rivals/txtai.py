"""txtai's embeddings database: Faiss and SQLite. It knows no users: a column names them, and filters what was found."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import MissingExtra
from idiolect.retrieval.protocol import Encoder

DRAWN = 10  # candidates for each one that is wanted, before the user's are kept


class Txtai:
    """One index for everybody."""

    def __init__(self, base: Any, folder: Path) -> None:
        self.name, self._base, self._folder, self._next = f"txtai {version('txtai')}, faiss", base, folder, 0

    def add(self, user: str, text: str) -> None:
        self._base.upsert([(self._next, {"text": text, "user": user}, None)])
        self._next += 1

    def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
        said = f"select text, user from txtai where similar(:q, {k * DRAWN}) and user = :u limit {k}"
        return [(hit["text"], hit["user"]) for hit in self._base.search(said, parameters={"q": query, "u": user})]

    def erase(self, user: str) -> None:
        rows = self._base.search("select id from txtai where user = :u limit 100000", parameters={"u": user})
        self._base.delete([row["id"] for row in rows])

    def close(self) -> None:
        self._base.close()


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

    base = Embeddings(transform=transform, method="external", content=True, columns={"text": "text"})
    base.index([(-1, {"text": "The first row makes the tables.", "user": "nobody"}, None)])
    return Txtai(base, folder)
