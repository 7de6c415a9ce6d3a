"""What a page learns of who speaks and what runs; the invented people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from idiolect.applications.server import demo

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

DEMO = {"x-idiolect-space": "demo"}


def test_a_space_without_anybody_begins_with_invented_people(relay: Running) -> None:
    found = relay.http.get("/v1/session", headers=relay.bearer).json()
    assert found["space"] == "demo"
    assert [u["id"] for u in found["users"]] == list(demo.people())
    assert all(u["invented"] and u["questions"] and u["memories"] > 10 for u in found["users"])


def test_they_are_shown_no_more_once_somebody_real_is_there(relay: Running) -> None:
    relay.user("ann").add("hello")
    found = relay.http.get("/v1/session", headers=relay.bearer).json()
    assert found["space"] == "default"
    assert [(u["id"], u["memories"], u["invented"]) for u in found["users"]] == [("ann", 1, False)]


def test_they_go_for_good(relay: Running, opened: Opener) -> None:
    gone = relay.http.delete("/v1/demo", headers=relay.bearer).json()
    assert gone == {"erased": len(demo.people())}
    again = opened(upstream=True)
    found = again.http.get("/v1/session", headers=again.bearer).json()
    assert (found["space"], found["users"]) == ("default", [])


def test_they_are_nobody_in_the_chosen_space(relay: Running) -> None:
    name = next(iter(demo.people()))
    assert relay.http.get(f"/v1/users/{name}/memories", headers=relay.bearer).status_code == 404
    assert relay.http.get(f"/v1/users/{name}/memories", headers={**relay.bearer, **DEMO}).status_code == 200


def test_no_other_space_can_be_named(relay: Running) -> None:
    relay.service.space("other").user("ann").add("secret")
    found = relay.http.get("/v1/users/ann/memories", headers={**relay.bearer, "x-idiolect-space": "other"})
    assert found.status_code == 404


def test_the_page_and_its_files_are_served_without_a_credential(relay: Running) -> None:
    page = relay.http.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert relay.http.get("/static/index.html").status_code == 200
    assert relay.http.get("/static/../server/app.py").status_code == 404


def test_every_route_is_documented(relay: Running) -> None:
    text = (Path(__file__).parents[3] / "docs" / "service.md").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    for path, verbs in relay.http.get("/v1/openapi.json").json()["paths"].items():
        for verb in verbs:
            assert any(f"{verb.upper()}" in line and f"{path}`" in line for line in lines), f"{verb} {path}"
