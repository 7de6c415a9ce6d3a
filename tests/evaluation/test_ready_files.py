"""The experiments that come with the package can be read, and name what exists."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idiolect import config, registry
from idiolect.cli import app, evaluate
from idiolect.evaluation import experiment as experiments
from idiolect.evaluation.entries import entry

RUNS = Path(str(files("idiolect.experiments").joinpath("runs")))
NAMES = sorted(p.stem for p in RUNS.glob("*.toml"))


@pytest.mark.parametrize("name", NAMES)
def test_a_ready_file_builds_every_method_that_it_names(name: str) -> None:
    plan = experiments.load(RUNS / f"{name}.toml")
    presets = config.load(plan.presets)
    assert plan.methods
    for method in plan.methods:
        made = entry(method, presets, plan.tasks)
        assert all(part in registry.names() for part in made.parts)


def test_the_help_names_every_ready_experiment() -> None:
    assert evaluate.READY.split(", ") == NAMES
    said = CliRunner().invoke(app, ["evaluate", "--help"], terminal_width=1000).output
    assert all(name in said for name in NAMES)


def test_what_needs_a_generating_model_says_so_in_its_head() -> None:
    for name in NAMES:
        text = (RUNS / f"{name}.toml").read_text(encoding="utf-8")
        assert ("#MODEL" in text) == ("# Needs: " in text), name


def test_the_experiments_of_the_surveys_are_there() -> None:
    assert {"lamp_bm25", "prompt_lora", "rag_peft", "grains"} <= set(NAMES)
