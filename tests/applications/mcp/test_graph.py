"""A user's records as a graph: what goes in comes out, and is kept as all else that is kept of him."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idiolect.applications.mcp.graph import Kept, Relation
from idiolect.core.errors import BadInput
from idiolect.memory.opening import open
from idiolect.memory.space import Space

ANNA = ("Anna", "person", ["lives in Kyoto", "likes green tea"])
ACME = ("Acme", "company", [])
WORKS = Relation("Anna", "Acme", "works_at")


@pytest.fixture
def space(tmp_path: Path) -> Iterator[Space]:
    with open(tmp_path / "home", encoder=None) as found:
        yield found


@pytest.fixture
def kept(space: Space) -> Kept:
    graph = Kept(space.user("ann"), lambda: 1.7e9)
    graph.create([ANNA, ACME])
    graph.relate([WORKS])
    return graph


def plain(kept: Kept) -> dict[str, Any]:
    """By entity its type and observations."""
    return {e.name: (e.kind, list(e.observations.values())) for e in kept.read().entities.values()}


def test_what_was_created_is_read(kept: Kept) -> None:
    assert plain(kept) == {"Anna": ("person", ["lives in Kyoto", "likes green tea"]), "Acme": ("company", [])}
    assert list(kept.read().relations) == [WORKS]


def test_what_is_there_is_left_alone(kept: Kept) -> None:
    before = plain(kept)
    assert kept.create([("Anna", "robot", ["rusts"])]).entities == {}
    assert kept.relate([WORKS, WORKS]) == []
    assert kept.observe("Anna", ["lives in Kyoto", "sings", "sings"]) == ["sings"]
    assert plain(kept) == {**before, "Anna": ("person", [*ANNA[2], "sings"])}


def test_of_twins_in_one_request_the_first_is_created(kept: Kept) -> None:
    kept.create([("Bob", "person", ["runs"]), ("Bob", "robot", ["rusts"])])
    assert plain(kept)["Bob"] == ("person", ["runs"])


def test_an_entity_that_is_not_there_cannot_be_observed(kept: Kept) -> None:
    with pytest.raises(BadInput, match="create_entities"):
        kept.observe("Zoe", ["sings"])


@pytest.mark.parametrize("name", ["", "  "])
def test_an_entity_needs_a_name(kept: Kept, name: str) -> None:
    with pytest.raises(BadInput, match="empty"):
        kept.create([(name, "person", [])])


def test_with_an_entity_go_its_observations_and_relations(kept: Kept, space: Space) -> None:
    kept.delete(["Anna", "nobody"])
    assert plain(kept) == {"Acme": ("company", [])}
    assert kept.read().relations == {}
    assert [m["memory"] for m in space.user("ann").get_all()["results"]] == ["Acme: company"]


def test_single_observations_and_relations_go_alone(kept: Kept) -> None:
    kept.unobserve("Anna", ["lives in Kyoto", "never said"])
    kept.unobserve("Zoe", ["x"])
    kept.unrelate([WORKS, Relation("a", "b", "c")])
    assert plain(kept)["Anna"] == ("person", ["likes green tea"])
    assert kept.read().relations == {}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("KYOTO", {"Anna"}),
        ("tea anna", {"Anna"}),
        ("company", {"Acme"}),
        ("a", {"Anna", "Acme"}),
        ("tea company", set()),
    ],
)
def test_a_search_finds_what_holds_all_words(kept: Kept, query: str, names: set[str]) -> None:
    assert set(kept.read().found(query).entities) == names


def test_a_part_has_the_relations_between_its_entities_alone(kept: Kept) -> None:
    assert kept.read().part(["Anna", "nobody"]).relations == {}
    assert list(kept.read().part(["Anna", "Acme"]).relations) == [WORKS]


def test_the_graph_is_kept_as_what_a_program_says_of_him(kept: Kept, space: Space) -> None:
    stored = space.store.records("ann")
    assert {record.asserted_by for record in stored} == {"mcp"}
    profile = space.user("ann").profile()
    assert set(profile["attributes"]["Anna"]) == {"likes green tea", "lives in Kyoto", "person"}
    assert profile["relations"] == {"Anna works at": ["Acme"]}


def test_a_correction_elsewhere_is_seen_in_the_graph(kept: Kept, space: Space) -> None:
    ann = space.user("ann")
    (one,) = ann.search("Kyoto", 1)["results"]
    ann.update(one["id"], "lives in Osaka")
    assert plain(kept)["Anna"] == ("person", ["likes green tea", "lives in Osaka"])


def test_what_he_said_himself_is_no_part_of_the_graph(kept: Kept, space: Space) -> None:
    before = plain(kept)
    space.user("ann").add("My brother is Bob")
    space.user("ann").add("hello", metadata={"graph": "odd"})
    assert plain(kept) == before
