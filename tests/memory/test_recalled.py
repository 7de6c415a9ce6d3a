"""What was recalled for a prompt is never learnt again, wherever it stands in a message; what is said beside it is."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from idiolect.core.layout import HISTORY
from idiolect.core.types import Turn
from idiolect.memory.facts.extract import claims
from idiolect.memory.space import Space

FORMS: dict[str, Callable[[str], str]] = {
    "first": lambda recalled: recalled,
    "after an instruction": lambda recalled: f"Please use this:\n{recalled}",
    "on the line of the instruction": lambda recalled: f"Please use this: {recalled}",
    "in the middle": lambda recalled: f"Here is what you know.\n\n{recalled}\n\nNow answer.",
    "quoted": lambda recalled: "> " + recalled.replace("\n", "\n> "),
    "with blank lines": lambda recalled: recalled.replace("\n", "\n\n"),
    "with other ends of lines": lambda recalled: recalled.replace("\n", "\r\n"),
    "on one line": lambda recalled: " ".join(recalled.split()),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_was_recalled_teaches_nobody(space: Space, form: str) -> None:
    ann, bob = space.user("ann"), space.user("bob")
    ann.add(["I live in Oslo.", "I work as a nurse.", "My sister is called Anna."], wait=True)
    recalled = ann.context(500)
    assert "Oslo" in recalled
    bob.add(FORMS[form](recalled), wait=True)
    assert bob.facts() == []
    bob.add(f"{FORMS[form](recalled)}\nI live in Quito.", wait=True)
    assert [fact["value"] for fact in bob.facts()] == ["Quito"]


def test_reading_a_message_takes_no_longer_for_what_follows_a_heading() -> None:
    began = time.process_time()
    assert claims(Turn(id="a", text=HISTORY + "\n" * 50_000 + " " * 50_000)) == []
    assert time.process_time() - began < 1.0
