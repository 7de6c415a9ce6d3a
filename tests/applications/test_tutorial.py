"""The tutorial for developers runs as it stands, against a door on this machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from idiolect.applications.server.settings import load
from live import as_openai, serving

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial-developer.md"


def test_the_tutorial_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], socket_enabled: None
) -> None:
    settings = load(environment={}, home=tmp_path / "home", server={"port": 0, "encoder": "none"})
    blocks = re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, object] = {}
    with serving(settings) as (service, address):
        as_openai(monkeypatch, service, address)
        try:
            for block in blocks:
                exec(compile(block, str(TUTORIAL), "exec"), names)  # noqa: S102
        finally:
            for name in ("client", "door"):
                getattr(names.get(name), "close", lambda: None)()
    assert len(blocks) >= 7
    assert "embedded@ipa" in capsys.readouterr().out
