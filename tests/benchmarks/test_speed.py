"""The table of speeds: what a row says, and what a second run keeps."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SPEED = Path(__file__).parents[2] / "benchmarks" / "speed"


@pytest.fixture
def ratio(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module beside the benchmarks, as they import it."""
    monkeypatch.syspath_prepend(str(SPEED))
    import ratio

    return ratio


def row(module: Any, **said: Any) -> Any:
    plain = {
        "id": "a",
        "ratio": 1.0,
        "low": 0.9,
        "high": 1.1,
        "goal": 1.2,
        "better": "lower",
        "command": "",
        "machine": "",
    }
    return module.Row(**(plain | said))


@pytest.mark.parametrize(
    ("better", "ratio_", "held"),
    [("lower", 1.1, True), ("lower", 1.3, False), ("higher", 1.3, True), ("higher", 1.1, False)],
)
def test_a_goal_is_a_ceiling_or_a_floor(ratio: Any, better: str, ratio_: float, held: bool) -> None:
    assert row(ratio, better=better, ratio=ratio_).held is held


def test_a_row_without_a_goal_is_neither_held_nor_missed(ratio: Any) -> None:
    assert row(ratio, goal=None).held is None


def test_a_second_run_replaces_its_own_rows_and_keeps_the_others(ratio: Any, tmp_path: Path) -> None:
    file = tmp_path / "runs" / "results.json"
    ratio.write([row(ratio, id="a"), row(ratio, id="b")], file)
    ratio.write([row(ratio, id="b", ratio=2.0), row(ratio, id="c")], file)
    assert [(r["id"], r["ratio"]) for r in json.loads(file.read_text())] == [("a", 1.0), ("b", 2.0), ("c", 1.0)]


def test_a_ratio_of_speeds_is_theirs_over_ours(ratio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    took = {"ours": 2.0, "theirs": 6.0}
    monkeypatch.setattr(ratio, "seconds", lambda work, clock: took[work()])
    pair = {"ours": lambda: "ours", "theirs": lambda: "theirs"}
    assert ratio.measure(ratio.Pair(id="x", rate=True, **pair), "").ratio == 3.0
    assert ratio.measure(ratio.Pair(id="x", **pair), "").ratio == 0.333


def test_an_unknown_name_is_told_the_known_ones() -> None:
    found = subprocess.run([sys.executable, str(SPEED), "nothing"], capture_output=True, text=True, check=False)
    assert found.returncode == 2
    assert "adapters" in found.stderr
