"""Every route and every command, tried with somebody else's ids: what is added later must be entered here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from typer.testing import CliRunner

import idiolect
from idiolect.cli import app
from idiolect.cli.own.shelf import ABOUT, Shelf

if TYPE_CHECKING:
    from tests.applications.hostile.conftest import Guarded

CANARY = "canary-c0ffee"
CHAT = {"model": "small", "messages": [{"role": "user", "content": "what is my secret?"}], "user": "ann"}
BODIES: dict[str, Any] = {  # of routes below a user's path
    "POST memories": {"text": "x"},
    "PATCH memories/{memory}": {"text": "x", "pinned": True},
    "PUT consents": {"consents": []},
    "PUT preferences": {"preferences": [{"dimension": "short answers", "weight": 1}]},
    "POST question": {"prompt": "what is my secret?", "candidates": ["a", "b b b"]},
    "POST recommend": {"candidates": ["a", "b"]},
    "POST search": {"query": "secret", "documents": ["a"]},
    "POST rewrite": {"text": "x", "model": "small"},
}
ELSEWHERE: dict[str, tuple[Any, int, int]] = {  # other routes: body, status for another user, for another space
    "GET /v1/models": (None, 200, 200),
    "GET /v1/models/{name}": (None, 404, 404),
    "POST /v1/chat/completions": (CHAT, 403, 200),
    "POST /v1/responses": ({"model": "small", "input": "what is my secret?", "user": "ann"}, 403, 200),
    "POST /v1/completions": ({"model": "small", "prompt": "my secret is", "user": "ann"}, 403, 200),
    "POST /v1/embeddings": (
        {"model": "small", "input": "secret", "user": "ann"},
        200,
        200,
    ),  # the upstream's, of a text
    "POST /v1/feedback": ({"user": "ann", "prompt": "q", "rating": 1}, 403, 404),
    "POST /v1/logout": ({}, 204, 204),
    "GET /v1/session": (None, 200, 200),
    "GET /v1/users": (None, 200, 200),
    "DELETE /v1/demo": (None, 403, 403),
    "GET /healthz": (None, 200, 200),
    "GET /readyz": (None, 200, 200),
    "GET /metrics": (None, 403, 403),
    "GET /v1/results": (None, 403, 403),
}


def routes(guarded: Guarded) -> Iterator[tuple[str, str]]:
    described = guarded.door.http.get("/v1/openapi.json").json()["paths"]
    return ((verb.upper(), path) for path, verbs in described.items() for verb in verbs)


def test_a_users_things_are_404_to_other_users_and_spaces_on_every_route(guarded: Guarded) -> None:
    before, tried = guarded.state(), 0
    for verb, path in routes(guarded):
        start, _, rest = path.partition("/users/{id}")
        if not path.startswith("/v1/users/{id}"):
            continue
        body = BODIES.get(f"{verb} {rest.removeprefix('/')}", {})
        filled = {"memory": guarded.memory, "answer": guarded.answer, "name": "pref", "fact": 1}
        for key, user in (("bob", "ann"), ("other", "ann"), ("bob", "bob")):
            if user == "bob" and "{" not in rest:
                continue  # his own
            found = guarded.send(verb, f"{start}/users/{user}{rest.format(**filled)}", key, body)
            assert (found.status_code, CANARY in found.text) == (404, False), (verb, path, key, found.text)
            tried += 1
        assert guarded.send(verb, f"{start}/users/ann{rest.format(**filled)}", "operator", body).status_code in (
            403,
            404,
        )
        assert guarded.send(verb, f"{start}/users/ann{rest.format(**filled)}", None, body).status_code == 401
    assert tried > 30
    assert guarded.state() == before


def test_no_other_route_shows_or_changes_anything_of_hers(guarded: Guarded) -> None:
    before = guarded.state()
    asked = len(guarded.door.stub.seen)
    for verb, path in routes(guarded):
        if path.startswith("/v1/users/{id}"):
            continue
        body, of_another, elsewhere = ELSEWHERE[f"{verb} {path}"]  # a new route needs an entry
        for key, status in (("bob", of_another), ("other", elsewhere)):
            found = guarded.send(verb, path.format(name="nothing"), key, body)
            assert found.status_code == status, (verb, path, key, found.text)
            assert CANARY not in found.text
    assert CANARY not in str(guarded.door.stub.seen[asked:])
    assert guarded.state() == before


def test_what_she_was_answered_cannot_be_gone_on_with_by_others(guarded: Guarded) -> None:
    response = f"resp_{guarded.answer.removeprefix('ans_')}"
    for key in ("bob", "other"):
        body = {"model": "small", "input": "go on", "previous_response_id": response, "user": None}
        assert guarded.send("POST", "/v1/responses", key, body).status_code == 404
        rated = {"answer_id": guarded.answer, "rating": 1, "user": None}
        assert guarded.send("POST", "/v1/feedback", key, rated).status_code in (400, 404)


COMMANDS: dict[str, list[str] | None] = {  # None: opens a model, and has its own tests of this
    "remember": ["{who}", "hello"],
    "recall": ["{who}", "what is my secret?", "--words"],
    "profile": ["{who}"],
    "facts": ["{who}", "--history"],
    "jobs": ["{who}"],
    "forget": ["{who}", "{memory}"],
    "export": ["{who}", "{folder}/export"],
    "import": ["{who}", "{folder}/chat.txt", "--speaker", "Bob"],
    "erase": ["{who}", "--yes"],
    "consents": ["{who}", "--withdraw", "assist"],
    "chat": None,
    "mcp": None,
    "recommend": ["a", "b", "--user", "{who}", "--words"],
    "search": ["a", "--user", "{who}", "--in", "{folder}", "--words"],
    "rewrite": None,
    "users link": ["{who}"],
    "users token": ["{who}"],
    "keys create": ["--kind", "user", "--user", "{who}"],
    "adapters list": ["{who}"],
    "adapters show": ["{who}", "mine"],
    "adapters export": ["{who}", "mine", "{folder}/peft"],
    "adapters import": None,
    "adapters delete": ["{who}", "mine"],
}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, set[str]]]:
    """(words, names of parameters) of every command."""
    for name, one in getattr(group, "commands", {}).items():
        yield from commands(one, (*path, name))
    if path:
        yield " ".join(path), {parameter.name for parameter in group.params}


def test_every_command_that_takes_a_user_is_in_the_table() -> None:
    taking = {name for name, parameters in commands(typer.main.get_command(app)) if "user" in parameters}
    assert taking == set(COMMANDS)


@pytest.mark.parametrize("place", [("bob", "default"), ("ann", "other")])
def test_no_command_reaches_what_is_anothers(tmp_path: Path, place: tuple[str, str]) -> None:
    who, space = place
    home = tmp_path / "home"
    (tmp_path / "chat.txt").write_text("Bob: I like tea\nEve: I do not\n")
    with idiolect.open(home, encoder=None) as kept:
        kept.user("ann").add(f"my secret is {CANARY}")
        (memory,) = (one["id"] for one in kept.user("ann").get_all()["results"])
        Shelf(kept.store).publish("ann", "mine", dict.fromkeys(ABOUT, CANARY), {"numbers": [1.5]})
        before = (kept.user("ann").get_all(), kept.user("ann").consents())
    for name, words in COMMANDS.items():
        if words is None:
            continue
        filled = [word.format(who=who, memory=memory, folder=tmp_path) for word in words]
        said = CliRunner().invoke(app, [*name.split(), *filled, "--home", str(home), "--space", space])
        assert said.exit_code in (0, 2), (name, said.output)
        assert CANARY not in said.output + said.stderr, name
    assert not any(CANARY.encode() in p.read_bytes() for p in (tmp_path / "export").rglob("*") if p.is_file())
    with idiolect.open(home, encoder=None) as kept:
        assert (kept.user("ann").get_all(), kept.user("ann").consents()) == before
        assert Shelf(kept.store).names("ann") == ("mine",)
