"""The command line in this process, at a home of the test's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from idiolect.cli import app

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Words of a command -> what came of it; an empty home."""
    monkeypatch.setenv("IDIOLECT_HOME", str(tmp_path / "home"))
    return lambda *words, **more: CliRunner().invoke(app, [str(word) for word in words], **more)


def read(result: Result) -> Any:
    """The JSON that a command printed."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)
