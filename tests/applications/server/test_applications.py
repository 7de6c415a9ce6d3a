"""The applications behind the door: whose they are, what they need, and what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from idiolect.applications.server.speakers.keys import Keys
from idiolect.core.types import Post

if TYPE_CHECKING:
    from pathlib import Path

    from tests.applications.conftest import Opener, Running

    from idiolect.models.hf import HFModel

BODIES: dict[str, dict[str, Any]] = {
    "recommend": {"candidates": ["robots at war", {"id": "s", "text": "old ships"}]},
    "search": {
        "query": "a long voyage",
        "documents": ["the long voyage of the robots", {"id": "b", "text": "the long voyage of the ships"}],
    },
    "rewrite": {"text": "The boat leaves.", "model": "small"},
}
CANARY = "canary-e3e3"


def filled(door: Running) -> Running:
    door.user("ann").add(["I love ships and the sea", "I hate robots"])
    door.user("ann").add(Post(id="p", task="mail", prompt="", text=f"hey all, we sail! cheers {CANARY}"))
    return door


@pytest.fixture
def ann(relay: Running) -> Running:
    return filled(relay)


def send(door: Running, name: str, user: str = "ann", key: str | None = None, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {key}"} if key else door.bearer
    return door.http.post(f"/v1/users/{user}/{name}", json={**BODIES[name], **more}, headers=headers)


def test_candidates_come_in_his_order_with_reasons(ann: Running) -> None:
    found = send(ann, "recommend").json()
    assert [one["id"] for one in found["results"]] == ["s", "robots at war"]
    assert found["results"][0]["reasons"][0]["memory"] == "I love ships and the sea"
    assert found["personal"]


def test_documents_come_in_his_order_with_reasons(ann: Running) -> None:
    found = send(ann, "search").json()
    assert found["results"][0]["id"] == "b"
    assert found["results"][1]["reasons"][0]["memory"] == "I hate robots"


def test_a_draft_goes_to_the_upstream_with_his_posts_as_data(ann: Running) -> None:
    ann.stub.say = lambda body: "hey all, the boat leaves! cheers"
    found = send(ann, "rewrite").json()
    assert (found["text"], [one["id"] for one in found["used"]]) == ("hey all, the boat leaves! cheers", ["p"])
    system, user = ann.stub.seen[-1]["messages"]
    assert "<user_notes>" in system["content"]
    assert CANARY in system["content"]
    assert user["content"] == "Rewrite: The boat leaves."


def test_an_upstream_needs_the_name_of_its_model(ann: Running) -> None:
    found = send(ann, "rewrite", model=None)
    assert (found.status_code, found.json()["error"]["param"]) == (400, "model")


def test_a_local_model_writes_without_being_named(opened: Opener, llama: HFModel) -> None:
    door = filled(opened(model=llama))
    found = send(door, "rewrite", model=None, tokens=3)
    assert found.status_code == 200, found.text
    assert [one["id"] for one in found.json()["used"]] == ["p"]


def test_an_upstream_that_is_not_trusted_needs_his_consent(opened: Opener) -> None:
    door = filled(opened(upstream={"url": "https://models.example.org/v1"}))
    refused = send(door, "rewrite")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "no_consent")
    assert door.stub.seen == []
    assert send(door, "recommend").status_code == 200  # nothing leaves for that


@pytest.mark.parametrize("name", BODIES)
def test_without_his_consent_it_is_what_everybody_gets(ann: Running, name: str) -> None:
    ann.user("ann").consent()
    found = send(ann, name)
    assert "everybody gets" in found.json()["note"]
    assert CANARY not in found.text + str(ann.stub.seen)


@pytest.mark.parametrize("name", BODIES)
def test_whose_things_they_are_and_which_scopes_they_need(opened: Opener, tmp_path: Path, name: str) -> None:
    keys = Keys(tmp_path / "home")
    made = {
        "bob": keys.create(kind="user", user="bob")[1],
        "other": keys.create(kind="app", space="other")[1],
        "reads": keys.create(kind="app", scopes=("memory:read",))[1],
        "chats": keys.create(kind="app", scopes=("chat",))[1],
        "operator": keys.create(kind="operator")[1],
    }
    keys.close()
    door = filled(opened(upstream=True))
    status = {who: send(door, name, key=key) for who, key in made.items()}
    reads = 403 if name == "rewrite" else 200
    assert {who: found.status_code for who, found in status.items()} == {
        "bob": 404,
        "other": 404,
        "reads": reads,
        "chats": 403,
        "operator": 403,
    }
    assert all(CANARY not in status[who].text for who in ("bob", "other", "chats", "operator"))


def test_they_are_described_and_bounded(ann: Running) -> None:
    paths = ann.http.get("/v1/openapi.json").json()["paths"]
    assert {f"/v1/users/{{id}}/{name}" for name in BODIES} <= set(paths)
    assert send(ann, "recommend", candidates=["x"] * 501).status_code == 400
    assert send(ann, "recommend", explore=2).status_code == 400
    assert send(ann, "search", strength=-1).status_code == 400
    assert send(ann, "rewrite", pipeline="nothing").status_code == 400
    assert send(ann, "rewrite", kind="sing").status_code == 400


@pytest.mark.parametrize("name", BODIES)
def test_nobody_is_made_by_asking_for_him(ann: Running, name: str) -> None:
    assert send(ann, name, user="eve").status_code == 404
    assert ann.service.space("default").users() == ("ann",)
