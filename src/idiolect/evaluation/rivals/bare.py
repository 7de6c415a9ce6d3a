"""Ours, told nothing but texts, as the others are: no sessions, no times."""

from __future__ import annotations

from pathlib import Path

from idiolect.evaluation.rivals.load import Said
from idiolect.evaluation.rivals.ours import Ours
from idiolect.memory.opening import open as open_space
from idiolect.memory.space import Space
from idiolect.retrieval.protocol import Encoder


class Bare(Ours):
    """Texts in the order they come."""

    def __init__(self, space: Space) -> None:
        super().__init__(space)
        self.name = f"{self.name}, texts alone"

    def add(self, user: str, said: Said) -> None:
        super().add(user, Said(said.text))


def open(folder: Path, encoder: Encoder) -> Bare:
    """A space in an empty folder."""
    return Bare(open_space(folder / "home", encoder=encoder))
