"""The tutorial for developers runs as it stands, against a door on this machine."""

from __future__ import annotations

import re
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn

from idiolect.applications.server.app import create
from idiolect.applications.server.run import bound
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import load

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial-developer.md"


def test_the_tutorial_runs_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], socket_enabled: None
) -> None:
    settings = load(environment={}, home=tmp_path / "home", server={"port": 0, "encoder": "none"})
    with bound(settings) as listener:
        port = listener.getsockname()[1]
        service = Service(replace(settings, server=replace(settings.server, port=port)))
        server = uvicorn.Server(uvicorn.Config(create(service), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", str(service.door.token))
        blocks = re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
        names: dict[str, object] = {}
        try:
            for block in blocks:
                exec(compile(block, str(TUTORIAL), "exec"), names)  # noqa: S102
        finally:
            for name in ("client", "door"):
                getattr(names.get(name), "close", lambda: None)()
            server.should_exit = True
            thread.join(60)
    assert len(blocks) >= 7
    assert "embedded@ipa" in capsys.readouterr().out
