"""The documents' code runs as it stands: each page's blocks in order, in one empty folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
BLOCK = re.compile(r"^```(python|sh|talk)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SAID = "> "
FIGURES = re.compile(r"[-+]?\d[\d.-]*|#+")  # days, numbers and bars, which other machines and days draw otherwise
PAGES = [
    "README.md",
    "docs/tutorial-researcher.md",
    "docs/tutorial-engineer.md",
    "docs/tutorial-user.md",
    "docs/data.md",
    "docs/governance.md",
    "docs/applications.md",
]


def blocks(page: str) -> list[tuple[str, str]]:
    """(language, code) in the page's order."""
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


def shell(code: str) -> None:
    """Each line as a command."""
    for line in code.splitlines():
        command(line)


def command(line: str, said: str = "") -> str:
    """What a command prints that hears `said`; `idiolect` is this environment's."""
    name, *words = shlex.split(line, comments=True)
    assert name == "idiolect", line
    called = [sys.executable, "-m", name, *words]
    done = subprocess.run(called, input=said, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def talk(code: str) -> None:
    """A command, what is said to it, and what it answers: every answer stands in its output, in this order."""
    first, *lines = code.splitlines()
    said = "".join(f"{line.removeprefix(SAID)}\n" for line in lines if line.startswith(SAID))
    printed = iter([words(line) for line in command(first.removeprefix("$ "), said).splitlines()])
    for line in lines:
        if not line.startswith(SAID):
            assert words(line) in printed, f"{first}: nowhere after the last answer: {line}"


def words(line: str) -> list[str]:
    """A line without its prompts and figures."""
    return FIGURES.sub("", line.removeprefix(SAID)).split()


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs_from_top_to_bottom(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ["OMP_NUM_THREADS"])
    monkeypatch.setenv("IDIOLECT_HOME", str(tmp_path / "home"))
    messages = [{"user": u, "text": f"word {i} of {u} is about ships", "time": i} for u in "abcdef" for i in range(8)]
    (tmp_path / "messages.jsonl").write_text("\n".join(map(json.dumps, messages)))
    names: dict[str, Any] = {}
    for language, code in blocks(page):
        if language == "sh":
            shell(code)
        elif language == "talk":
            talk(code)
        else:
            exec(compile(code, page, "exec"), names)  # noqa: S102


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_code_that_can_be_compiled(page: str) -> None:
    found = blocks(page)
    assert found
    for language, code in found:
        if language == "python":
            compile(code, page, "exec")


def test_a_talk_with_an_answer_that_was_not_given_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    printed = "help\n> Remembered.\n> Your dog is called Biscuit.\n  1  +7.1 ##  2026-01-02  My dog\n> "
    monkeypatch.setattr(sys.modules[__name__], "command", lambda line, said="": printed)
    said = "$ idiolect chat\n> My dog is called Biscuit\nRemembered.\n> And?\nYour dog is called Biscuit.\n"
    talk(f"{said}  1  +3.5 #####  2026-11-22  My dog\n")
    with pytest.raises(AssertionError, match="nowhere"):
        talk(f"{said}Remembered.\n")


@pytest.mark.parametrize("page", sorted(p.name for p in (ROOT / "docs").glob("*.md")))
def test_examples_in_json_are_json(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    for block in re.findall(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        try:
            json.loads(block)
        except json.JSONDecodeError:
            assert all(json.loads(line) for line in block.splitlines())


def test_the_documented_world_is_read(tmp_path: Path) -> None:
    from idiolect.simulation.world import World

    text = (ROOT / "docs" / "world.md").read_text(encoding="utf-8")
    example = re.search(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert example
    (tmp_path / "world.json").write_text(example[1])
    world = World.load(tmp_path / "world.json")
    (probe,) = world.probes("ann", "fact")
    assert world.score(probe, probe.target) == 1.0
    assert world.score(probe, "Your favourite band is another.") == 0.0


def test_the_documented_messages_are_read(tmp_path: Path) -> None:
    from idiolect.data.readers import messages

    text = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    example = re.search(r"^```json\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert example
    (tmp_path / "mine.jsonl").write_text(example[1])
    assert len(messages.read(tmp_path / "mine.jsonl").people["ann"]) == 3
