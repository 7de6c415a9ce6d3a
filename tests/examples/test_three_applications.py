"""The example of the three applications says of each user what is his."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

from idiolect.core.types import Message
from idiolect.models.scripted import ScriptedModel

EXAMPLE = Path(__file__).parents[2] / "examples" / "three_applications.py"


def test_it_says_what_suits_ann_and_what_everybody_gets(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("three_applications", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def answer(said: Sequence[Message]) -> str:
        return "hey all, the boat leaves! cheers" if "hey all" in said[0].content else "The boat leaves."

    told = list(module.lines(tmp_path / "home", ScriptedModel(answer)))
    place = next(n for n, line in enumerate(told) if line.startswith("bob"))
    ann, bob = "\n".join(told[:place]), "\n".join(told[place:])
    assert ann.index("a lighthouse by the sea") < ann.index("robots at war")
    assert "python: zoo.md" in ann
    assert "hey all, the boat leaves! cheers  (from 3" in ann
    assert bob.startswith("bob: robots at war with machines > bread")
    assert "python: code.md" in bob
    assert "everybody gets" in bob
