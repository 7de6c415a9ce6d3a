"""The wording that ships as an example: a world can be made of it, and every list of it is one of the form."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.types import Turn
from idiolect.simulation.language import CHOICE, Language
from idiolect.simulation.oracles import holds
from idiolect.simulation.world import make

FILE = Path(__file__).parents[2] / "examples" / "stranger.toml"


def lists(node: Mapping[str, Any], *path: str) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    for name, below in node.items():
        if isinstance(below, Mapping):
            yield from lists(below, *path, name)
        else:
            yield (*path, name), below


EXAMPLE = dict(lists(tomllib.loads(FILE.read_text(encoding="utf-8"))))


def slots(frame: str) -> frozenset[str]:
    return frozenset(re.findall(r"{(\w+)}", CHOICE.sub("", frame)))


@pytest.mark.parametrize("path", EXAMPLE, ids=".".join)
def test_every_list_stands_in_the_form_with_its_slots(path: tuple[str, ...]) -> None:
    ours: Any = Language.load().data
    for name in path:
        ours = ours[name]
    allowed = {slots(frame) for frame in ours}
    assert [f for f in EXAMPLE[path] if slots(f) not in allowed] == []
    assert len(EXAMPLE[path]) == len(set(EXAMPLE[path])) >= 10


def test_a_world_is_made_of_it() -> None:
    world = make(seed=3, users=4, history=2, probes=4, language=FILE)
    assert all(world.score(p, p.target) == 1.0 for u in world.users for p in world.asked[u])
    for user in world.users:
        texts = [r.text for r in world.records(user) if isinstance(r, Turn)]
        assert not any(re.search(r"[\[\]{}|]", text) for text in texts)
        for fact in world.truth[user]["facts"]:
            assert any(holds(text, fact["value"]) for text in texts)
