"""The phrasings that training alone meets: well formed, said by no world, and far from what an exam asks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from random import Random
from typing import Any

import pytest

from idiolect.simulation.language import Language

SLOT = re.compile(r"\{(\w)\}")
MORE = tomllib.loads(files("idiolect.simulation").joinpath("phrasings.toml").read_text(encoding="utf-8"))
HELD, TRAINED, WILD = Language.load(held=True), Language.load(), Language.load(wild=True)


def lists(node: Any = MORE, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all lists of frames."""
    for name, part in node.items():
        if isinstance(part, dict):
            yield from lists(part, (*path, name))
        else:
            yield (*path, name)


PATHS = list(lists())


def said(frame: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z']+|\{.\}", re.sub(r"[\[\]|]", " ", frame).lower()))


def more(path: tuple[str, ...]) -> list[str]:
    node: Any = MORE
    for name in path:
        node = node[name]
    return list(node)


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_none_is_close_to_a_held_out_frame(path: tuple[str, ...]) -> None:
    held = [said(f) for f in HELD.frames(*path)]
    for frame in more(path):
        words = said(frame)
        assert max(len(words & h) / len(words | h) for h in held) < 0.7, frame


@pytest.mark.parametrize("path", PATHS, ids=".".join)
def test_each_has_the_slots_of_its_list_once_and_fills_to_a_sentence(path: tuple[str, ...]) -> None:
    slots = sorted(SLOT.findall(TRAINED.frames(*path)[0]))
    r = Random(0)
    for frame in more(path):
        assert sorted(SLOT.findall(frame)) == slots, frame
        text = WILD.fill(frame, r, k="tea", v="brou", n="Kol")
        assert re.fullmatch(r"[^\[\]{}|]+[.!?]", text), text


def test_no_world_says_them() -> None:
    for path in PATHS:
        apart = set(more(path))
        assert apart.isdisjoint([*HELD.frames(*path), *TRAINED.frames(*path)])
        assert apart <= set(WILD.frames(*path))
