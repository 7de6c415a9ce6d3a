"""The memory server behind the SDK's own client."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from typer.testing import CliRunner

from idiolect.applications.mcp.server import MOST, create
from idiolect.cli import app
from idiolect.memory.opening import open
from idiolect.memory.space import Space

CANARY = "canary-7a21"
ANNA = {"name": "Anna", "entityType": "person", "observations": ["lives in Kyoto"]}
ACME = {"name": "Acme", "entityType": "company", "observations": []}
WORKS = {"from": "Anna", "to": "Acme", "relationType": "works_at"}
TOOLS = {
    "create_entities",
    "create_relations",
    "add_observations",
    "delete_entities",
    "delete_observations",
    "delete_relations",
    "read_graph",
    "search_nodes",
    "open_nodes",
    "recall",
    "profile",
}
Work = Callable[[Client], Coroutine[Any, Any, Any]]


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    with open(tmp_path / "home", encoder=None) as found:
        yield found


def asked(space: Space, work: Work, user: str = "ann") -> Any:
    """What comes of some work with a client of a user's server in this process."""

    async def run() -> Any:
        async with Client(create(space.user(user))) as client:
            return await work(client)

    return anyio.run(run)


async def call(client: Client, name: str, **given: Any) -> Any:
    """A tool's structured answer; its text says the same."""
    result = await client.call_tool(name, given)
    assert not result.is_error, result.content
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


def refusal(space: Space, name: str, **given: Any) -> str:
    """What a client is told of a call that fails."""

    async def work(client: Client) -> str:
        result = await client.call_tool(name, given)
        assert result.is_error
        return str(result.content[0].text)

    return str(asked(space, work))


async def filled(client: Client) -> None:
    await call(client, "create_entities", entities=[ANNA, ACME])
    await call(client, "create_relations", relations=[WORKS])


def test_the_tools_are_those_of_the_reference_server_and_two_of_ours(space: Space) -> None:
    async def work(client: Client) -> Any:
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in asked(space, work)}
    assert set(tools) == TOOLS
    assert all(tool.description and tool.annotations for tool in tools.values())
    assert {name for name, tool in tools.items() if tool.annotations.destructive_hint} == {
        "delete_entities",
        "delete_observations",
        "delete_relations",
    }


def test_no_tool_takes_the_name_of_a_user(space: Space) -> None:
    async def work(client: Client) -> Any:
        return (await client.list_tools()).tools

    taken = {name for tool in asked(space, work) for name in tool.input_schema["properties"]}
    assert taken == {"entities", "relations", "observations", "entityNames", "deletions", "query", "names", "limit"}


def test_a_graph_is_made_read_searched_and_erased(space: Space) -> None:
    async def work(client: Client) -> None:
        created = await call(client, "create_entities", entities=[ANNA, ACME])
        assert created == {"entities": [ANNA, ACME]}
        assert await call(client, "create_entities", entities=[ANNA]) == {"entities": []}
        assert await call(client, "create_relations", relations=[WORKS]) == {"relations": [WORKS]}
        more = {"entityName": "Anna", "contents": ["sings", "lives in Kyoto"]}
        added = await call(client, "add_observations", observations=[more])
        assert added == {"results": [{"entityName": "Anna", "addedObservations": ["sings"]}]}
        anna = {**ANNA, "observations": ["lives in Kyoto", "sings"]}
        assert await call(client, "read_graph") == {"entities": [anna, ACME], "relations": [WORKS]}
        assert await call(client, "search_nodes", query="kyoto") == {"entities": [anna], "relations": []}
        assert (await call(client, "open_nodes", names=["Acme", "Anna"]))["relations"] == [WORKS]
        gone = [{"entityName": "Anna", "observations": ["sings"]}]
        await call(client, "delete_observations", deletions=gone)
        await call(client, "delete_relations", relations=[WORKS])
        assert await call(client, "read_graph") == {"entities": [ANNA, ACME], "relations": []}
        await call(client, "delete_entities", entityNames=["Anna", "Acme"])
        assert await call(client, "read_graph") == {"entities": [], "relations": []}

    asked(space, work)
    assert space.user("ann").get_all()["results"] == []


def test_recall_finds_his_own_words_and_the_graph(space: Space) -> None:
    space.user("ann").add("My brother plays chess in Kyoto")

    async def work(client: Client) -> Any:
        await filled(client)
        return (await call(client, "recall", query="Kyoto"))["memories"]

    found = asked(space, work)
    assert {one["memory"] for one in found} == {"My brother plays chess in Kyoto", "Anna: lives in Kyoto"}
    assert all(0 < one["score"] <= 1 for one in found)


def test_the_profile_is_what_is_stated_of_him(space: Space) -> None:
    space.user("ann").add("I live in Oslo")

    async def work(client: Client) -> Any:
        return await call(client, "profile")

    assert asked(space, work)["attributes"] == space.user("ann").profile()["attributes"] != {}


def test_a_deliberate_error_is_told_with_its_fix(space: Space) -> None:
    said = refusal(space, "add_observations", observations=[{"entityName": "Zoe", "contents": ["x"]}])
    assert "Make it with create_entities" in said


@pytest.mark.parametrize("given", [{"limit": 0}, {"limit": MOST + 1}, {"limit": "x"}, {"query": None}])
def test_arguments_that_do_not_fit_are_refused(space: Space, given: dict[str, Any]) -> None:
    assert "recall" in refusal(space, "recall", **{"query": "x", **given})


def test_another_users_things_can_be_neither_seen_nor_touched(space: Space) -> None:
    asked(space, filled, user="bob")
    space.user("bob").add(f"My secret is {CANARY}")
    before = space.user("bob").get_all()["results"]

    async def work(client: Client) -> str:
        said = []
        for name, given in (
            ("read_graph", {}),
            ("search_nodes", {"query": "Anna"}),
            ("open_nodes", {"names": ["Anna", "Acme"]}),
            ("recall", {"query": f"Kyoto {CANARY}"}),
            ("profile", {}),
            ("delete_entities", {"entityNames": ["Anna", "Acme"]}),
            ("delete_observations", {"deletions": [{"entityName": "Anna", "observations": ["lives in Kyoto"]}]}),
            ("delete_relations", {"relations": [WORKS]}),
        ):
            said.append(json.dumps(await call(client, name, **given)))
        return "\n".join(said)

    said = asked(space, work)
    assert not any(word in said for word in ("Anna", "Acme", "Kyoto", CANARY))
    assert "Zoe" in refusal(space, "add_observations", observations=[{"entityName": "Zoe", "contents": ["x"]}])
    assert space.user("bob").get_all()["results"] == before


def test_the_command_serves_over_standard_input_and_output(tmp_path: Path) -> None:
    words = ["-m", "idiolect", "mcp", "--user", "ann", "--words", "--home", str(tmp_path / "home")]

    async def run() -> Any:
        async with Client(StdioServerParameters(command=sys.executable, args=words)) as client:
            await filled(client)
            return await call(client, "read_graph")

    assert anyio.run(run) == {"entities": [ANNA, ACME], "relations": [WORKS]}
    with open(tmp_path / "home", encoder=None) as space:
        assert space.users() == ("ann",)


def test_the_command_needs_a_user(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["mcp", "--home", str(tmp_path / "home")])
    assert said.exit_code == 2
    assert "--user" in said.output
