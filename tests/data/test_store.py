"""The store's contract, kept by every store: append-only, all or none, and erasure leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.data.store import DEFAULT_CONSENTS, MemoryStore, Store
from idiolect.governance.view import population, view

NAMES = [
    "ann",
    "Ann",
    "аnn",
    "ann ",
    "u1",
    "u10",
    "../ann",
    "/etc/passwd",
    "a'; DROP TABLE user; --",
    'x" OR "y*',
    "\0",
    "名",
]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    if request.param == "sqlite":
        made: Any = SQLiteStore(tmp_path / "home")
    else:
        server = request.getfixturevalue("server")
        from idiolect.data.postgres.store import PostgresStore

        made = PostgresStore(server.app, request.getfixturevalue("place"))
    yield made
    made.close()


def turns(*ids: str) -> list[Turn]:
    return [Turn(id=i, text=f"text {i}") for i in ids]


def test_records_come_back_in_the_order_they_came(store: Store) -> None:
    store.append("ann", turns("b", "a"))
    store.append("ann", turns("c"))
    assert [r.id for r in store.records("ann")] == ["b", "a", "c"]


def test_every_kind_of_record_comes_back_as_it_was(store: Store) -> None:
    given: list[Record] = [
        Attribute(id="1", name="job", value="singer", valid_from=1.5, valid_to=2.5),
        Relation(id="2", name="sister", value="Anna", asserted_by="assistant", local_only=True),
        Turn(id="3", text="\0 \n 東京 🎈", role="assistant", session="s", time=3.25),
        Post(id="4", task="review", prompt="p", text="t"),
        Interaction(id="5", task="rate", prompt="p", text="4", item="i"),
        Preference(id="6", prompt="p", chosen="c", rejected="r"),
        Preference(id="7", dimension="short answers", weight=-0.5),
    ]
    store.append("ann", given)
    assert store.records("ann") == tuple(given)


def test_the_same_record_twice_is_one_record(store: Store) -> None:
    store.append("ann", turns("a", "a"))
    store.append("ann", turns("a"))
    assert len(store.records("ann")) == 1


def test_another_record_under_a_known_id_is_refused_and_nothing_of_its_batch_enters(store: Store) -> None:
    store.append("ann", turns("a"))
    with pytest.raises(BadInput, match="user 'ann': two different records with the id 'a'"):
        store.append("ann", [*turns("b"), Turn(id="a", text="other")])
    assert [r.id for r in store.records("ann")] == ["a"]


def test_a_refused_batch_makes_no_user(store: Store) -> None:
    with pytest.raises(BadInput, match="two different records"):
        store.append("ann", [Turn(id="a", text="one"), Turn(id="a", text="other")])
    assert store.users() == ()


def test_an_empty_batch_makes_a_user(store: Store) -> None:
    store.append("ann", [])
    assert (store.users(), store.records("ann")) == (("ann",), ())


def test_erasure_takes_records_and_consents_and_says_how_many(store: Store) -> None:
    store.append("ann", turns("a", "b"))
    store.consent("ann", "share")
    assert store.erase("ann") == 2
    assert store.users() == ()
    assert store.records("ann") == ()
    assert store.consents("ann") == DEFAULT_CONSENTS


def test_erasing_a_stranger_or_twice_is_nothing(store: Store) -> None:
    store.append("ann", turns("a"))
    assert [store.erase("ann"), store.erase("ann"), store.erase("bob")] == [1, 0, 0]


def test_who_was_erased_may_come_back_as_somebody_new(store: Store) -> None:
    store.append("ann", turns("a"))
    store.erase("ann")
    store.append("ann", [Turn(id="a", text="new")])
    assert [r.id for r in store.records("ann")] == ["a"]
    assert store.users() == ("ann",)


def test_consents_are_replaced_and_may_be_none(store: Store) -> None:
    store.append("ann", [])
    assert store.consents("ann") == DEFAULT_CONSENTS
    store.consent("ann", "share", "share_with_provider")
    assert store.consents("ann") == {"share", "share_with_provider"}
    store.consent("ann")
    assert store.consents("ann") == frozenset()


def test_a_consent_alone_makes_a_user(store: Store) -> None:
    store.consent("ann", "assist")
    assert store.users() == ("ann",)


def test_whatever_looks_alike_is_somebody_else(store: Store) -> None:
    for place, name in enumerate(NAMES):
        store.append(name, turns(f"{place}"))
    assert store.users() == tuple(NAMES)
    assert [[r.id for r in store.records(name)] for name in NAMES] == [[f"{place}"] for place in range(len(NAMES))]
    assert store.records("%") == store.records("ann\0") == store.records("u") == ()


def test_ids_of_one_user_mean_nothing_for_another(store: Store) -> None:
    store.append("ann", [Turn(id="a", text="hers")])
    store.append("bob", [Turn(id="a", text="his")])
    store.erase("bob")
    assert store.records("ann") == (Turn(id="a", text="hers"),)


@pytest.mark.parametrize(
    ("name", "what"), [("", "without a name"), ("x" * 1025, "of 1025 characters"), ("\ud800", "half")]
)
def test_what_is_no_name_is_refused(store: Store, name: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        store.append(name, turns("a"))


def test_the_view_reads_any_store(store: Store) -> None:
    store.append("ann", [Turn(id="2", text="b", time=2.0), Turn(id="1", text="a", time=1.0)])
    assert [r.id for r in view(store, "ann").records] == ["1", "2"]
    assert [data.user_id for data in population(store, purpose="assist")] == ["ann"]
    store.consent("ann")
    with pytest.raises(ConsentError):
        view(store, "ann")
