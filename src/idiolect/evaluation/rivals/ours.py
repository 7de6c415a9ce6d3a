"""This package's own memory: `idiolect.open`, with its shipped search."""

from __future__ import annotations

from pathlib import Path

from idiolect import __version__
from idiolect.evaluation.rivals.load import Said
from idiolect.memory.opening import open as open_space
from idiolect.memory.space import Space
from idiolect.retrieval.protocol import Encoder


class Ours:
    """One folder a user. What `add` acknowledged is on the disk; vectors and facts are made by `settle`."""

    def __init__(self, space: Space) -> None:
        self.name = f"idiolect {__version__}"
        self._space = space

    def add(self, user: str, said: Said) -> None:
        self._space.user(user).add(said.text, session=said.session, time=said.time)

    def settle(self) -> None:
        self._space.flush()

    def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
        return [(hit["memory"], user) for hit in self._space.user(user).search(query, top_k=k)["results"]]

    def erase(self, user: str) -> None:
        self._space.user(user).erase()

    def close(self) -> None:
        self._space.close()


def open(folder: Path, encoder: Encoder) -> Ours:
    """A space in an empty folder."""
    return Ours(open_space(folder / "home", encoder=encoder))
