"""`idiolect keys` and `idiolect serve` from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from idiolect.applications.server.speakers.keys import Keys
from idiolect.cli import app


def run(*said: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(said))
    return result.exit_code, result.output


def found(home: Path, key: str) -> bool:
    keys = Keys(home)
    try:
        return keys.find(key.strip()) is not None
    finally:
        keys.close()


def test_a_key_is_made_listed_rotated_and_revoked(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    _, first = run("keys", "create", "--name", "shop", "--scopes", "chat,memory:read", *home)
    (listed,) = json.loads(run("keys", "list", "--json", *home)[1])
    assert (listed["name"], listed["scopes"], listed["kind"]) == ("shop", ["chat", "memory:read"], "app")
    assert first.strip() not in run("keys", "list", *home)[1]
    _, second = run("keys", "rotate", listed["id"], *home)
    assert (found(tmp_path / "home", first), found(tmp_path / "home", second)) == (False, True)
    run("keys", "revoke", listed["id"], *home)
    assert not found(tmp_path / "home", second)
    assert "revoked" in run("keys", "list", *home)[1]


def test_a_key_is_given_a_pipeline_a_budget_and_a_strength(tmp_path: Path) -> None:
    home = ("--home", str(tmp_path / "home"))
    run("keys", "create", "--pipeline", "pag", "--budget", "100", "--strength", "0.5", *home)
    (listed,) = json.loads(run("keys", "list", "--json", *home)[1])
    assert (listed["pipeline"], listed["budget"], listed["strength"]) == ("pag", 100, 0.5)


@pytest.mark.parametrize(
    ("said", "fix"),
    [
        (("keys", "create", "--kind", "user"), "--user"),
        (("keys", "create", "--scopes", "memory:raed"), "memory:read"),
        (("keys", "create", "--strength", "2"), "from 0 to 1"),
        (("keys", "revoke", "none"), "keys list"),
        (("serve", "--host", "0.0.0.0", "--port", "0", "--upstream", "http://127.0.0.1:9/v1"), "keys create"),
        (("serve", "--config", "none.toml"), "none.toml"),
    ],
)
def test_what_cannot_be_is_one_line_with_the_fix(
    tmp_path: Path, said: tuple[str, ...], fix: str, socket_enabled: None
) -> None:
    code, output = run(*said, "--home", str(tmp_path / "home"))
    assert code == 2
    assert fix in output
    assert "Traceback" not in output
