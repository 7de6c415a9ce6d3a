"""`idiolect users link`: from a link to a page that is logged in, once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

import idiolect
from idiolect.applications.server.app import create
from idiolect.applications.server.service import Service
from idiolect.applications.server.settings import load
from idiolect.applications.server.speakers.keys import Keys
from idiolect.cli import app

ADDRESS = "http://127.0.0.1:8321"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with idiolect.open(tmp_path / "home", encoder=None) as space:
        for name in ("ann", "bob"):
            space.user(name).add(f"I am {name}")
    keys = Keys(tmp_path / "home")
    keys.create("app")
    keys.close()
    return tmp_path / "home"


@pytest.fixture
def door(home: Path) -> Iterator[TestClient]:
    given: Any = {"server": {"encoder": "none"}, "upstream": {"url": "http://127.0.0.1:9/v1"}}
    upstream = httpx.MockTransport(lambda request: httpx.Response(200, json={"data": []}))
    service = Service(load(environment={}, home=home, **given), transport=upstream)
    with TestClient(create(service), base_url=ADDRESS, follow_redirects=False) as client:
        yield client


def run(*said: str) -> Any:
    return CliRunner().invoke(app, ["users", *said])


def test_a_link_logs_its_user_in_once(home: Path, door: TestClient) -> None:
    link = run("link", "ann", "--home", str(home)).output.strip()
    assert link.startswith(f"{ADDRESS}/login?code=")
    entered = door.get(link)
    assert entered.status_code == 303
    assert door.get("/v1/session").json()["user"] == "ann"
    assert door.get("/v1/users/bob/memories").status_code == 404
    door.cookies.clear()
    assert door.get(link).status_code == 401


def test_a_link_can_be_for_another_address(home: Path) -> None:
    shown = json.loads(run("link", "ann", "--url", "https://notes.example.org/", "--json", "--home", str(home)).output)
    assert shown["url"].startswith("https://notes.example.org/login?code=")
    assert shown["expires_in"] == 600


def test_a_token_opens_its_users_things_and_no_others(home: Path, door: TestClient) -> None:
    shown = json.loads(run("token", "ann", "--scopes", "memory:read", "--json", "--home", str(home)).output)
    assert shown["expires_in"] == 900
    bearer = {"Authorization": f"Bearer {shown['token']}"}
    assert door.get("/v1/users/ann/memories", headers=bearer).json()["total"] == 1
    assert door.get("/v1/users/bob/memories", headers=bearer).status_code == 404
    assert door.post("/v1/users/ann/memories", json={"text": "x"}, headers=bearer).status_code == 403


def test_a_token_for_nobody_or_for_what_no_user_may_is_refused(home: Path) -> None:
    for more, says in ((["zoe"], "idiolect users"), (["ann", "--scopes", "admin"], "memory:read")):
        said = run("token", *more, "--home", str(home))
        assert said.exit_code == 2
        assert says in said.stderr


@pytest.mark.parametrize(("more", "says"), [(["zoe"], "idiolect users"), (["ann", "--url", "x"], "--url")])
def test_nobody_and_nowhere_are_refused(home: Path, more: list[str], says: str) -> None:
    said = run("link", *more, "--home", str(home))
    assert said.exit_code == 2
    assert says in said.stderr


def test_users_are_still_listed(home: Path) -> None:
    assert run("--home", str(home)).output.split() == ["1", "ann", "1", "bob"]
