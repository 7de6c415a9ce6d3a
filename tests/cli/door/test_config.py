"""`idiolect config show`: the settings that hold, and no secret."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idiolect.applications.server.settings import TABLES, load
from idiolect.cli import app

FILE = """
[server]
space = "notes"
[pipeline]
methods = "ipa|cos"
[methods.ipa]
k = 9
names = ["a", "b"]
[upstream]
url = "https://ann:hunter2@models.example.org/v1"
key_variable = "MODELS_KEY"
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IDIOLECT_LIMITS_ROWS", "7")
    monkeypatch.setenv("MODELS_KEY", "sk-canary-5c1e")
    path = tmp_path / "door.toml"
    path.write_text(FILE)
    return path


def test_what_is_shown_can_be_read_back_and_is_what_holds(file: Path, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["config", "show", "--config", str(file)]).output
    again = tmp_path / "again.toml"
    again.write_text(said.replace("***@", "ann:hunter2@"))
    one, other = load(file), load(again, {})
    assert [asdict(getattr(one, name)) for name in TABLES] == [asdict(getattr(other, name)) for name in TABLES]
    assert (other.methods, other.limits.rows) == ({"ipa": {"k": 9, "names": ["a", "b"]}}, 7)


def test_no_secret_is_shown(file: Path) -> None:
    file.write_text(FILE + '[methods.pag]\napi_key = "sk-1234"\ndeep = {password = "hunter3"}\n')
    for more in ([], ["--json"]):
        said = CliRunner().invoke(app, ["config", "show", "--config", str(file), *more]).output
        assert not any(secret in said for secret in ("hunter", "sk-", "canary"))
        assert "models.example.org" in said
        assert "MODELS_KEY" in said


def test_without_a_file_the_defaults_hold() -> None:
    shown = json.loads(CliRunner().invoke(app, ["config", "show", "--json"]).output)
    assert shown["server"]["port"] == 8321


def test_a_setting_that_cannot_be_is_refused_in_one_line(file: Path) -> None:
    file.write_text("[server]\nprt = 1\n")
    said = CliRunner().invoke(app, ["config", "show", "--config", str(file)])
    assert (said.exit_code, said.stderr.count("\n")) == (2, 1)
    assert "port" in said.stderr
