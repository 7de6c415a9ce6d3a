"""Names that look like others, and requests that name two people: whom the credential binds is who it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from idiolect.applications.server.speakers.keys import Keys

if TYPE_CHECKING:
    from tests.applications.conftest import Opener, Running

ALIKE = (
    "ann",
    "Ann",
    " ann",
    "ann ",
    "\u0430nn",  # a Cyrillic letter
    "a\u200bnn",
    "ann\u0301",
    "an\u0144",  # the same to see, as one character
    "\uff41nn",
    "u1",
    "u10",
    "u1/",
    "u1/../u10",
    "../u1",
    "..",
    "%75%31",
    "u1%00",
    "u1?x=1",
    "u1#",
    "u_",
    "u%",
    "u*",
    "' OR '1'='1",
    'u1"; DROP TABLE record; --',
    "u1' UNION SELECT * FROM record --",
    "NEAR(u1 u10)",
    "user:ann",
    "default/ann",
)
SAID = "my word is canary-{:02d}"


def canaries(text: str) -> set[int]:
    return {i for i in range(len(ALIKE)) if SAID.format(i).rpartition(" ")[2] in text}


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "home")


@pytest.fixture
def crowded(opened: Opener) -> Running:
    """A door at which everybody of these names has said a word of his own."""
    door = opened(upstream=True, trust_local=True)
    for i, name in enumerate(ALIKE):
        door.user(name).add(SAID.format(i))
    return door


@pytest.mark.slow
def test_names_that_look_alike_are_different_people_in_paths_bodies_and_folders(crowded: Running) -> None:
    assert set(crowded.service.space("default").users()) == set(ALIKE)
    for i, name in enumerate(ALIKE):
        if name != "..":  # no client sends that as a segment
            listed = crowded.http.get(f"/v1/users/{quote(name, safe='')}/memories")
            assert canaries(listed.text) == {i}, name
        messages = [{"role": "user", "content": "what is my word?"}]
        crowded.http.post("/v1/chat/completions", json={"model": "small", "messages": messages, "user": name})
        assert canaries(str(crowded.stub.seen[-1]["messages"])) == {i}, name


QUERIES = ('"', "word*", "* OR *", "word) OR (1", "NEAR(word)", "text:word", "a' OR 1=1 --", "%", "_", "\x00")


def test_what_is_searched_for_is_no_query_language(crowded: Running) -> None:
    for query in QUERIES:
        found = crowded.http.get("/v1/users/u1/memories", params={"query": query})
        assert found.status_code == 200, (query, found.text)
        assert canaries(found.text) <= {ALIKE.index("u1")}, query


def credentials(door: Running, keys: dict[str, str]) -> dict[str, str]:
    """Ann's own key, her token, and her login: each is bound to her."""
    app = {"Authorization": f"Bearer {keys['app']}"}
    token = door.http.post("/v1/users/ann/token", json={}, headers=app).json()["token"]
    session = door.service.door.ticket("default", "ann", "session")
    return {"key": keys["ann"], "token": token, "login": session}


@pytest.fixture
def bound(opened: Opener, keys: Keys) -> tuple[Running, dict[str, str]]:
    made = {"ann": keys.create("user", user="ann")[1], "app": keys.create("app")[1]}
    door = opened(upstream=True)
    for i, name in enumerate(ALIKE[:2]):
        door.user(name).add(SAID.format(i))
    door.user("bob").add("my word is canary-99")
    return door, credentials(door, made)


ASKED: dict[str, Any] = {"model": "small", "messages": [{"role": "user", "content": "what is my word?"}]}
OTHERS: tuple[dict[str, Any], ...] = (  # fields and headers that other servers take for a name
    {"safety_identifier": "bob"},
    {"prompt_cache_key": "bob"},
    {"metadata": {"user": "bob", "user_id": "bob", "person": "bob"}},
    {"user_id": "bob"},
    {"user": "", "safety_identifier": "bob"},
    {"user": None},
    {"user": "ann", "safety_identifier": "bob"},
)
HEADERS = ("x-idiolect-user", "x-user-id", "x-openwebui-user-id", "openai-user", "x-forwarded-user", "from")


@pytest.mark.parametrize("kind", ["key", "token", "login"])
def test_a_bound_credential_is_its_user_whatever_else_names_another(
    bound: tuple[Running, dict[str, str]], kind: str
) -> None:
    door, held = bound
    bearer = {"Authorization": f"Bearer {held[kind]}"}
    tries = [({**ASKED, **more}, bearer) for more in OTHERS]
    tries.append((ASKED, {**bearer, **dict.fromkeys(HEADERS, "bob"), "x-idiolect-space": "demo"}))
    for body, headers in tries:
        found = door.http.post("/v1/chat/completions", json=body, headers=headers)
        assert (found.status_code, found.json()["idiolect"]["user"]) == (200, "ann"), (body, found.text)
        assert "canary-99" not in str(door.stub.seen[-1]["messages"])
        assert door.stub.seen[-1].get("safety_identifier") == body.get("safety_identifier")  # passed on, not read


@pytest.mark.parametrize("kind", ["key", "token", "login"])
def test_another_name_under_a_bound_credential_is_refused_however_near_it_is(
    bound: tuple[Running, dict[str, str]], kind: str
) -> None:
    door, held = bound
    bearer, asked = {"Authorization": f"Bearer {held[kind]}"}, len(door.stub.seen)
    for name in (*ALIKE[1:], "bob"):
        found = door.http.post("/v1/chat/completions", json={**ASKED, "user": name}, headers=bearer)
        assert (found.status_code, found.json()["error"]["code"]) == (403, "user_conflict"), name
        path = f"/v1/users/{quote(name, safe='')}/memories"
        assert door.http.get(path, headers=bearer).status_code == 404, name
    assert len(door.stub.seen) == asked
