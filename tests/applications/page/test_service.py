"""The page at the real service, with the embedded model: what a newcomer does in his first minutes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Browser

pytestmark = pytest.mark.slow


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The page of a service with an empty home, with the token that it printed."""
    served = subprocess.Popen(
        [sys.executable, "-m", "idiolect", "serve", "--home", str(tmp_path / "home"), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "IDIOLECT_SERVER_ENCODER": "none"},
    )
    assert served.stdout is not None
    lines = iter(served.stdout.readline, "")
    yield next(found[1] for line in lines if (found := re.match(r"page:\s+(\S+)", line)))
    served.terminate()
    served.communicate(timeout=60)


def test_a_newcomer_meets_somebody_invented_and_then_himself(browser: Browser, address: str) -> None:
    tab = browser.tab(address)
    tab.reads("is invented")
    tab.reads("A very small model is answering")
    tab.run("document.querySelector('.chip').click()")
    tab.reads("Why:")
    assert tab.text(".side.alone .answer") != tab.text(".side.own .answer")
    assert tab.run("document.querySelectorAll('.why mark').length")

    tab.press("Remove the invented people")
    tab.reads("Who are you?")
    tab.write("main input", "ann")
    tab.write("main .field + .field input", "My dog is called Rufus")
    tab.press("Begin")
    tab.reads("what it knows of Ann")
    tab.write(".composer textarea", "What is my dog called?")
    tab.key("Enter")
    tab.reads("Rufus", ".side.own .answer")
    tab.press("Measure how much each mattered")
    tab.reads("In nats", ".why")
    assert float(re.search(r"\+(\d+\.\d)", tab.text(".why"))[1]) > 1  # type: ignore[index]

    tab.press("Correct: My dog is called Rufus")
    tab.write(".why textarea", "My dog is called Rex")
    tab.press("Save", ".why")
    tab.press("Ask again")
    tab.reads("Rex", ".side.own .answer")

    tab.run("location.hash = '#/knows'")
    tab.press("History: My dog is called Rex")
    tab.reads("My dog is called Rufus", ".history")
    for view, words in (("say", "Who looked"), ("operator", "Until the first word"), ("connect", "idiolect serve")):
        tab.run(f"location.hash = '#/{view}'")
        tab.reads(words)

    tab.run("location.hash = '#/say'")
    tab.press("Show the trail")
    tab.reads("Memories", ".say table")
    tab.write(".line:has(.danger) input", "ann")
    tab.press("Erase everything")
    tab.reads("Receipt")
    assert re.search(r"Traces left\s+0", tab.text(".receipt"))
    tab.press("Done")
    tab.reads("Who are you?")
    assert not [fault for fault in tab.faults() if "/v1/results" not in fault]
