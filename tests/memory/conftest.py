"""Spaces in a folder of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idiolect.memory.opening import open
from idiolect.memory.space import Space
from idiolect.memory.user import User
from memory_doubles import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def space(tmp_path: Path, clock: Clock) -> Iterator[Space]:
    with open(tmp_path / "home", encoder=None, clock=clock) as made:
        yield made


@pytest.fixture
def ann(space: Space) -> User:
    return space.user("ann")
