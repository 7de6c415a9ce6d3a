"""The store: append-only, all or none, and erasure leaves nothing."""

from __future__ import annotations

import pytest

from idiolect.core.errors import BadInput
from idiolect.core.types import Turn
from idiolect.data.store import DEFAULT_CONSENTS, MemoryStore


def turns(*ids: str) -> list[Turn]:
    return [Turn(id=i, text=f"text {i}") for i in ids]


def test_records_come_back_in_the_order_they_came() -> None:
    store = MemoryStore()
    store.append("ann", turns("b", "a"))
    store.append("ann", turns("c"))
    assert [r.id for r in store.records("ann")] == ["b", "a", "c"]


def test_the_same_record_twice_is_one_record() -> None:
    store = MemoryStore()
    store.append("ann", turns("a", "a"))
    assert len(store.records("ann")) == 1


def test_another_record_under_a_known_id_is_refused_and_nothing_of_its_batch_enters() -> None:
    store = MemoryStore()
    store.append("ann", turns("a"))
    with pytest.raises(BadInput, match="user 'ann': two different records with the id 'a'"):
        store.append("ann", [*turns("b"), Turn(id="a", text="other")])
    assert [r.id for r in store.records("ann")] == ["a"]


def test_erasure_takes_records_and_consents_and_says_how_many() -> None:
    store = MemoryStore()
    store.append("ann", turns("a", "b"))
    store.consent("ann", "share")
    assert store.erase("ann") == 2
    assert store.users() == ()
    assert store.records("ann") == ()
    assert store.consents("ann") == DEFAULT_CONSENTS


def test_a_user_without_a_name_is_refused() -> None:
    with pytest.raises(BadInput, match="without a name"):
        MemoryStore().append("", turns("a"))
