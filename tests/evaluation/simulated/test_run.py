"""The command, the file that a run goes on from, and an assistant behind an address."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from idiolect.applications.server.settings import load
from idiolect.cli import app
from idiolect.cli.people import simulate as command
from idiolect.core.errors import BadInput
from idiolect.core.types import Message
from idiolect.evaluation.simulated.assistants import Asked
from idiolect.evaluation.simulated.door import AtDoor
from idiolect.evaluation.simulated.making import from_world
from idiolect.evaluation.simulated.run import Arm, simulate
from idiolect.evaluation.simulated.users import Person
from idiolect.models.openai import OpenAIModel
from idiolect.models.scripted import ScriptedModel
from idiolect.simulation.world import make
from live import serving

WORDS = "Noted, of course."


@pytest.fixture(scope="module")
def people() -> list[Person]:
    world = make(616, 6, history=4, probes=4)
    return [from_world(world, u, 3) for u in world.users]


def quiet(what: str, done: int, of: int) -> None:
    return


def arm(words: str) -> Arm:
    return Arm(lambda person: Asked(ScriptedModel(lambda said: words)), words)


def test_assistants_are_compared_over_people_and_the_scripted_ones_stand_as_committed(people: list[Person]) -> None:
    found = simulate(people, {"one": arm("a"), "other": arm("a")}, questions=2, tell=quiet)
    assert found["people"] == 6
    assert found["scripted"]["as_committed"]
    assert {c["metric"] for c in found["comparisons"]} >= {"memory", "dimensions", "adaptability"}
    assert not any(c["clear"] for c in found["comparisons"])
    assert {"emotional adaptation", "knowledge adaptation", "humor fit"} == set(found["not_graded"])


def test_questions_stand_beside_chance_and_beside_the_best(people: list[Person]) -> None:
    found = simulate(people, {"one": arm("2")}, questions=2, choosing=["one"], tell=quiet)["elicitation"]
    assert set(found["ways"]) == {"ours", "random", "best", "one"}
    assert all(len(way["bits"]) == 2 for way in found["ways"].values())
    assert {c["name"] for c in found["against_random"]} == {"ours", "best", "one"}
    assert found["ways"]["one"]["unread"] == 0


def test_a_run_goes_on_from_its_file_and_does_nothing_twice(people: list[Person], tmp_path: Path) -> None:
    made: list[str] = []

    def counted(person: Person) -> Asked:
        made.append(person.name)
        return Asked(ScriptedModel(lambda said: "a"))

    out, arms = tmp_path / "talks.jsonl", {"one": Arm(counted, "a")}
    first = simulate(people, arms, questions=1, out=out, tell=quiet)
    whole = out.read_bytes()
    out.write_bytes(whole[: whole.rfind(b'{"kind": "talk", "assistant": "one"') + 40])  # cut in the last talk
    made.clear()
    assert simulate(people, arms, questions=1, out=out, tell=quiet) == first
    assert made == [people[-1].name]


def test_a_file_of_another_assistant_is_refused(people: list[Person], tmp_path: Path) -> None:
    simulate(people, {"one": arm("a")}, questions=0, out=tmp_path / "t.jsonl", tell=quiet)
    with pytest.raises(BadInput, match="'one' met another .* or was another"):
        simulate(people, {"one": arm("b")}, questions=0, out=tmp_path / "t.jsonl", tell=quiet)


def test_an_assistant_cannot_take_a_scripted_ones_name(people: list[Person]) -> None:
    with pytest.raises(BadInput, match="'perfect' is the name of a scripted one"):
        simulate(people, {"perfect": arm("a")}, questions=0, tell=quiet)


class Server(BaseHTTPRequestHandler):
    """An OpenAI-compatible server that answers the same, and keeps what it was sent."""

    sent: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).sent.append(body)
        answer = json.dumps({"choices": [{"index": 0, "message": {"role": "assistant", "content": WORDS}}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def address(socket_enabled: None) -> Iterator[str]:
    Server.sent = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.slow
def test_the_command_lets_people_talk_with_a_server(address: str, tmp_path: Path) -> None:
    words = ["simulate", "--url", address, "--name", "small", "--users", "2", "--facts", "2", "--sessions", "2"]
    done = CliRunner().invoke(
        app, [*words, "--questions", "1", "--json", "--quiet", "--out", str(tmp_path / "t.jsonl")]
    )
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["means"]["memory"]["small"] == 0.0
    assert found["means"]["memory"]["perfect"] == 1.0
    assert {body["model"] for body in Server.sent} == {"small"}
    talks = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text().splitlines()]
    (mine,) = [t for t in talks if t["assistant"] == "small" and t["person"].endswith("0")]
    assert {e["reply"] for e in mine["exchanges"]} == {WORDS}
    assert len(Server.sent) == sum(len(t["exchanges"]) for t in talks if t["assistant"] == "small")
    assert [len(body["messages"]) for body in Server.sent].count(1) == 4, "two people, each session begins anew"


def test_half_an_address_is_refused() -> None:
    done = CliRunner().invoke(app, ["simulate", "--url", "http://127.0.0.1:1/v1"])
    assert done.exit_code == 2
    assert "--name" in done.stderr


@pytest.mark.slow
def test_ours_is_a_space_that_answers_and_is_told_what_he_likes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = ScriptedModel(lambda said: "Noted.")
    monkeypatch.setattr(command, "open_model", lambda name: model)
    words = ["simulate", "--pipeline", "ipa", "--users", "2", "--facts", "2", "--sessions", "2", "--questions", "1"]
    done = CliRunner().invoke(app, [*words, "--quiet"])
    assert done.exit_code == 0, done.output
    assert "model alone" in done.stdout
    assert "stand in the order that was committed" in done.stdout
    shown = [said[0].content for said in model.asked if said[0].role == "system"]
    assert [text for text in shown if "(not: " in text], "a choice of his is shown where it bears"


def test_personas_in_texts_talk_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "open_model", lambda name: ScriptedModel(lambda said: "Noted."))
    for name, town in (("ann", "Oslo"), ("ben", "Rome")):
        (tmp_path / f"{name}.txt").write_text(f"I live in {town}. I bake sourdough. I live in Bergen now.")
    files = [word for name in ("ann", "ben") for word in ("--persona", str(tmp_path / f"{name}.txt"))]
    done = CliRunner().invoke(app, ["simulate", *files, "--json", "--quiet"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["means"]["memory_changed"]["perfect"] == 1.0
    assert found["elicitation"]["ways"] == {}


@pytest.mark.slow
def test_the_door_knows_him_is_told_what_he_likes_and_says_what_to_ask(
    people: list[Person], tmp_path: Path, socket_enabled: None
) -> None:
    from idiolect.models.hf import HFModel

    given: dict[str, Any] = {"server": {"port": 0, "encoder": "none"}, "feedback": {"adapter": ""}}
    with serving(load(environment={}, home=tmp_path, trust_local=True, **given), model=HFModel.random("llama")) as (
        service,
        address,
    ):
        door = AtDoor(OpenAIModel(f"{address}/v1", service.model_name).wire, service.model_name, "ann", tokens=4)
        door.reply([Message("user", "My cat is Rex.")])
        assert service.space("default").user("ann").get_all()["results"]
        place = door.inquires(people[0].offers[:3])
        assert 0 <= place < 3
        offer = people[0].offers[place]
        door.learns(offer.prompt, offer.first, offer.second)
        kinds = [one["kind"] for one in service.space("default").user("ann").get_all()["results"]]
        assert "preference" in kinds
