"""mem0 (PyPI mem0ai) over Qdrant's local files; no language model is asked, `infer=False`.

Its words are searched by a model of fastembed's that is fetched from a hub: without it mem0 itself searches by vectors.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput, MissingExtra
from idiolect.evaluation.rivals.load import Said
from idiolect.retrieval.protocol import Encoder

OLDEST = 2
NOWHERE = {"api_key": "unused", "openai_base_url": "http://127.0.0.1:9/v1"}  # a client is made, and never called


class Mem0:
    """One collection for everybody, a filter a user."""

    def __init__(self, memory: Any) -> None:
        self.name, self._memory = f"mem0ai {version('mem0ai')}, qdrant", memory

    def add(self, user: str, said: Said) -> None:
        self._memory.add(said.text, user_id=user, infer=False)

    def settle(self) -> None:
        """Nothing is put off."""

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
        BadInput: it is older than 2, whose calls are others.
    """
    os.environ.setdefault("MEM0_TELEMETRY", "False")
    os.environ["MEM0_DIR"] = str(folder / "mem0")
    try:
        from mem0 import Memory
        from mem0.embeddings.base import EmbeddingBase
        from mem0.utils.factory import EmbedderFactory
    except ImportError as error:
        raise MissingExtra("mem0ai", "rivals") from error
    if int(version("mem0ai").partition(".")[0]) < OLDEST:
        fix = f"Install mem0ai {OLDEST} or newer; it wants protobuf below 7"
        raise BadInput(f"mem0ai {version('mem0ai')}", "its searches are called in another way", fix)

    class Given(EmbeddingBase):  # type: ignore[misc]
        """The vectors that every system gets."""

        def embed(self, text: str, memory_action: str | None = None) -> list[float]:
            rows: list[float] = encoder.encode([text])[0].tolist()
            return rows

        def embed_batch(self, texts: list[str], memory_action: str = "add") -> list[list[float]]:
            rows: list[list[float]] = encoder.encode(texts).tolist()
            return rows

    made = EmbedderFactory.create
    EmbedderFactory.create = classmethod(lambda cls, *a, **k: Given())
    try:
        return Mem0(Memory.from_config(_config(folder, encoder.dim)))
    finally:
        EmbedderFactory.create = made


def _config(folder: Path, dim: int) -> dict[str, Any]:
    store = {"collection_name": "m", "path": str(folder / "qdrant"), "on_disk": True}
    return {
        "vector_store": {"provider": "qdrant", "config": {**store, "embedding_model_dims": dim}},
        "llm": {"provider": "openai", "config": NOWHERE},
        "embedder": {"provider": "huggingface", "config": {"embedding_dims": dim}},
        "history_db_path": str(folder / "history.db"),
    }
