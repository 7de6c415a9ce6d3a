"""Other people's memories as systems under test, beside ours: the same texts, questions and vectors for all.

    python -m idiolect.evaluation.rivals --users 1 --memories 2000
    python -m idiolect.evaluation.rivals --dialogues DATA --every 3

| file | what it holds |
|---|---|
| `load` | made-up facts that differ in few words, and questions with one right fact each |
| `dialogues` | LoCoMo's turns, and questions with the turns that answer them |
| `given` | texts and questions of one's own |
| `vectors` | the sentence vectors that every system gets, made before the clock starts |
| `measure` | what is measured of systems that take turns: finding, leaking, writing, erasing, bytes |
| `table` | the table, and who finds more |
| `ours`, `bare`, `mem0`, `langmem`, `txtai` | one system each; a package that is missing is said, not passed over |

No system is given a language model: texts are kept as they are said. A new system is a file with
`open(folder, encoder)` and its name in `SYSTEMS`.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Protocol

from idiolect.core.errors import UnknownName
from idiolect.evaluation.rivals.load import Said
from idiolect.retrieval.protocol import Encoder

SYSTEMS = ("ours", "bare", "mem0", "langmem", "txtai")


class System(Protocol):
    """A memory of many users."""

    @property
    def name(self) -> str:
        """With version and kind of store."""
        ...

    def add(self, user: str, said: Said) -> None:
        """Keeps one text, with its session and time where the system takes them."""
        ...

    def settle(self) -> None:
        """Does what it put off; from now on everything can be found."""
        ...

    def search(self, user: str, query: str, k: int) -> list[tuple[str, str]]:
        """(text, whose it is), best first."""
        ...

    def erase(self, user: str) -> None:
        """Everything of one user, as the system's own documents say to."""
        ...

    def close(self) -> None:
        """Lets go of files."""
        ...


def get(name: str) -> ModuleType:
    """The module of a system: `open(folder, encoder)`.

    Raises:
        UnknownName: there is no such system, with near names.
    """
    if name not in SYSTEMS:
        raise UnknownName("system", name, SYSTEMS)
    return importlib.import_module(f"{__name__}.{name}")


def opened(name: str, folder: Path, encoder: Encoder) -> System:
    """That system, empty, with its files in a folder.

    Raises:
        UnknownName, MissingExtra: no such system, or its package is not installed.
    """
    system: System = get(name).open(folder, encoder)
    return system
