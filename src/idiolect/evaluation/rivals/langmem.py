"""LangMem's tools over LangGraph's store in memory, as an agent calls them. It keeps nothing on the disk."""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.rivals.load import Said
from idiolect.retrieval.protocol import Encoder

SPACE = ("memories", "{langgraph_user_id}")


class LangMem:
    """One namespace a user."""

    def __init__(self, store: Any, write: Any, find: Any) -> None:
        self.name = f"langmem {version('langmem')}, in memory"
        self._store, self._write, self._find = store, write, find

    def add(self, user: str, said: Said) -> None:
        self._write.invoke({"action": "create", "content": said.text}, config=_of(user))

    def settle(self) -> None:
        """Nothing is put off."""

    def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
        found = json.loads(self._find.invoke({"query": query, "limit": k}, config=_of(user)))
        return [(hit["value"]["content"], hit["namespace"][1]) for hit in found]

    def erase(self, user: str) -> None:
        while items := self._store.search(("memories", user), limit=1000):
            for item in items:
                self._store.delete(("memories", user), item.key)

    def close(self) -> None:
        """Nothing is kept."""


def _of(user: str) -> dict[str, dict[str, str]]:
    return {"configurable": {"langgraph_user_id": user}}


def open(folder: Path, encoder: Encoder) -> LangMem:
    """
    Raises:
        MissingExtra: langmem is not installed.
    """
    del folder
    os.environ.setdefault("LANGSMITH_TRACING", "false")
    try:
        from langgraph.store.memory import InMemoryStore
        from langmem import create_manage_memory_tool, create_search_memory_tool
    except ImportError as error:
        raise MissingExtra("langmem", "rivals") from error
    index = {"dims": encoder.dim, "embed": lambda texts: encoder.encode(list(texts)).tolist(), "fields": ["content"]}
    store = InMemoryStore(index=index)
    tools = (make(namespace=SPACE, store=store) for make in (create_manage_memory_tool, create_search_memory_tool))
    return LangMem(store, *tools)
