"""Talking in the terminal: stated once, used at once, explained, and erased on a word."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idiolect.cli import app

TOLD = ("My brother lives in Oslo", "My dog is called Rufus", "I work as a baker")
ASKED = "Where does my brother live?"
Says = Callable[..., str]


@pytest.fixture
def says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Says:
    monkeypatch.setenv("IDIOLECT_HOME", str(tmp_path / "home"))

    def say(*lines: str, options: tuple[str, ...] = ()) -> str:
        done = CliRunner().invoke(app, ["chat", "--user", "ann", *options], input="".join(f"{x}\n" for x in lines))
        assert done.exit_code == 0, done.output
        return done.stdout

    return say


def kept(user: str = "ann") -> list[str]:
    said = CliRunner().invoke(app, ["recall", user, "brother dog baker cello", "--words", "--json"])
    return sorted(found["memory"] for found in json.loads(said.stdout)["results"])


def test_what_was_stated_is_answered_in_the_next_breath_and_the_next_day(says: Says) -> None:
    assert "Your brother lives in Oslo." in says(*TOLD, ASKED, "/quit")
    assert "Your brother lives in Oslo." in says(ASKED)


def test_why_names_the_record_that_mattered_first(says: Says) -> None:
    said = says(*TOLD, ASKED, "/why")
    numbered = re.findall(r"^(?:> )? +(\d)  +([+-][\d.]+) .*  (\w.*)$", said, re.MULTILINE)
    assert numbered[0][2] == "My brother lives in Oslo"
    gains = [float(row[1]) for row in numbered]
    assert gains == sorted(gains, reverse=True)
    assert gains[0] > 3


def test_questions_are_not_remembered(says: Says) -> None:
    says(*TOLD, ASKED)
    assert kept() == sorted(TOLD)


def test_forget_erases_what_was_just_stated(says: Says) -> None:
    assert "Erased" in says(*TOLD, "/forget")
    assert kept() == sorted(TOLD[:2])


def test_forget_with_a_number_erases_a_record_of_why_and_the_explanation_goes_with_it(says: Says) -> None:
    said = says(*TOLD, ASKED, "/forget 1", "/why", ASKED)
    assert kept() == sorted(TOLD[1:])
    assert "Nothing was answered yet." in said
    assert said.count("Oslo.") == 1
    assert "/why shows" in says(ASKED, "/forget 9")


def test_the_profile_and_remember(says: Says) -> None:
    said = says("/profile", "/remember I play the cello", "/remember", "/profile", "/what")
    assert "Nothing is known of you yet." in said
    assert "1 memory in all" in said
    assert "Say what:" in said
    assert "/quit            ends this" in said


def test_who_is_not_to_be_remembered_is_not(says: Says) -> None:
    CliRunner().invoke(app, ["remember", "ann", "--off", "--yes"])
    assert "Not kept" in says("My brother lives in Oslo")
    assert kept() == []


def test_a_method_that_has_to_be_trained_is_refused(says: Says) -> None:
    done = CliRunner().invoke(app, ["chat", "--user", "ann", "--pipeline", "oppu"], input="")
    assert done.exit_code == 2
    assert "oppu has to be trained first" in done.output
