"""A browser, and the page at a door that answers from a script or with the embedded model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from browser import Browser, Tab

DOOR = Path(__file__).with_name("door.py")
Opens = Callable[..., Tab]


@pytest.fixture
def opens(browser: Browser) -> Iterator[Opens]:
    """Opens the page at a door of its own: ``opens("--empty", width=390, fragment="#/say")``."""
    doors, tabs = [], []

    def open(*options: str, fragment: str = "", **view: object) -> Tab:
        door = subprocess.Popen([sys.executable, str(DOOR), "--port", "0", *options], stdout=subprocess.PIPE, text=True)
        doors.append(door)
        assert door.stdout is not None
        tabs.append(browser.tab(door.stdout.readline().strip() + fragment, **view))  # type: ignore[arg-type]
        return tabs[-1]

    yield open
    for door in doors:
        door.kill()
        door.communicate()
    refusals = "the server responded with a status of 4"
    assert not [fault for tab in tabs for fault in tab.faults() if refusals not in fault]
