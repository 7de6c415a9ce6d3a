"""mem0 (PyPI mem0ai) over Qdrant's local files; no language model is asked, `infer=False`."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from idiolect.core.errors import MissingExtra
from idiolect.retrieval.protocol import Encoder

ALL = 100_000
NOWHERE = {"api_key": "unused", "openai_base_url": "http://127.0.0.1:9/v1"}  # a client is made, and never called


class Mem0:
    """One collection for everybody, a filter a user."""

    def __init__(self, memory: Any) -> None:
        self.name, self._memory = f"mem0ai {version('mem0ai')}, qdrant", memory

    def add(self, user: str, text: str) -> None:
        self._memory.add(text, user_id=user, infer=False)

    def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
        found = self._memory.search(query, filters={"user_id": user}, top_k=k)["results"]
        return [(hit["memory"], hit.get("user_id", user)) for hit in found]

    def erase(self, user: str) -> None:
        self._memory.delete_all(user_id=user)

    def close(self) -> None:
        self._memory.close()


def open(folder: Path, encoder: Encoder) -> Mem0:
    """
    Raises:
        MissingExtra: mem0ai is not installed.
    """
    os.environ.setdefault("MEM0_TELEMETRY", "False")
    os.environ["MEM0_DIR"] = str(folder / "mem0")
    try:
        from mem0 import Memory
        from mem0.embeddings.base import EmbeddingBase
        from mem0.utils.factory import EmbedderFactory
    except ImportError as error:
        raise MissingExtra("mem0ai", "rivals") from error

    class Given(EmbeddingBase):  # type: ignore[misc]
        """The vectors that every system gets."""

        def embed(self, text: str, memory_action: str | None = None) -> list[float]:
            rows: list[float] = encoder.encode([text])[0].tolist()
            return rows

        def embed_batch(self, texts: list[str], memory_action: str = "add") -> list[list[float]]:
            rows: list[list[float]] = encoder.encode(texts).tolist()
            return rows

    store = {"collection_name": "m", "path": str(folder / "qdrant"), "on_disk": True}
    config = {
        "vector_store": {"provider": "qdrant", "config": {**store, "embedding_model_dims": encoder.dim}},
        "llm": {"provider": "openai", "config": NOWHERE},
        "embedder": {"provider": "huggingface", "config": {"embedding_dims": encoder.dim}},
        "history_db_path": str(folder / "history.db"),
    }
    made = EmbedderFactory.create
    EmbedderFactory.create = classmethod(lambda cls, *a, **k: Given())
    try:
        return Mem0(Memory.from_config(config))
    finally:
        EmbedderFactory.create = made
