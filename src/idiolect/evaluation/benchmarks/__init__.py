"""Public benchmarks: one file each, which says where the data comes from, reads it, and measures what needs no model.

Nothing of any set is shipped: a folder with the official files is named, checked, and what is missing is said.

| folder | what is asked |
|---|---|
| `memory/` | to find in a long history what bears on a question |
| `preference/` | which of two replies a person prefers; inputs for simulators |
| `classification/` | what one named reader says of a text |
| `recommendation/` | the next item, a rating, yes or no |
| `generation/` | text in a person's own manner, or true to his persona |

| file | what it holds |
|---|---|
| `card` | what a benchmark says of itself; finding its files |
| `rows` | one measured number with its limits; one comparison |
| `run` | reads, counts, measures, and puts published baselines beside |
| `ranking`, `finding`, `choosing`, `pairs`, `annotators`, `sequences`, `linear` | what several of them share |
| `measured.toml` | which files the published rows were measured on |
| `vectors` | sentence vectors that are kept between runs |
"""

from __future__ import annotations

import importlib
import sys
from functools import cache
from types import ModuleType

from idiolect import registry
from idiolect.core.errors import UnknownName


@cache
def _files() -> dict[str, str]:
    """By name, the module of each benchmark."""
    return registry.files_of(sys.modules[__name__])


def names() -> list[str]:
    """Every benchmark that can be read."""
    return sorted(_files())


def get(name: str) -> ModuleType:
    """The module of that name: `CARD`, `read(folder)`, `count(data)`, and `measure(data, encoder)` where it has gold.

    Raises:
        UnknownName: there is no such file, with near names.
    """
    known = _files()
    if name not in known:
        raise UnknownName("benchmark", name, known)
    return importlib.import_module(known[name])
