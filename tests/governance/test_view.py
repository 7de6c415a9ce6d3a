"""The only maker of `UserData` asks for consent and shows no more than was asked for."""

from __future__ import annotations

import pytest

from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Turn
from idiolect.data.store import MemoryStore
from idiolect.governance.view import population, view


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.append("ann", [Turn(id="2", text="later", time=2.0), Turn(id="1", text="sooner", time=1.0, local_only=True)])
    store.append("bob", [Turn(id="1", text="bob's", time=1.0), Turn(id="2", text="bob's own", local_only=True)])
    store.append("eve", [])
    return store


def test_the_oldest_record_stands_first(store: MemoryStore) -> None:
    assert [r.id for r in view(store, "ann").records] == ["1", "2"]


def test_records_of_one_time_keep_the_order_in_which_they_came() -> None:
    store = MemoryStore()
    store.append("ann", [Turn(id=i, text="") for i in "zyx"])
    assert [r.id for r in view(store, "ann").records] == ["z", "y", "x"]


def test_a_purpose_that_he_does_not_allow_is_refused_with_the_fix(store: MemoryStore) -> None:
    store.consent("ann", "assist")
    with pytest.raises(ConsentError, match=r"'ann' does not allow 'train'.*store\.consent"):
        view(store, "ann", purpose="train")


def test_a_remote_model_needs_consent_of_its_own(store: MemoryStore) -> None:
    with pytest.raises(ConsentError, match="'remote'"):
        view(store, "ann", destination="remote")


def test_what_may_not_leave_the_machine_does_not(store: MemoryStore) -> None:
    store.consent("ann", "assist", "remote")
    assert [r.id for r in view(store, "ann", destination="remote").records] == ["2"]


def test_neighbours_are_only_those_who_share(store: MemoryStore) -> None:
    store.consent("bob", "share")
    seen = view(store, "ann", neighbours=("bob", "eve", "ann"))
    assert [n.user_id for n in seen.neighbours] == ["bob"]


def test_a_neighbours_private_records_do_not_leave_the_machine_either(store: MemoryStore) -> None:
    store.consent("ann", "assist", "remote")
    store.consent("bob", "share", "remote")
    seen = view(store, "ann", destination="remote", neighbours=("bob",))
    assert [r.id for r in seen.neighbours[0].records] == ["1"]


def test_a_neighbour_who_shares_but_not_with_remote_models_is_left_out(store: MemoryStore) -> None:
    store.consent("ann", "assist", "remote")
    store.consent("bob", "share")
    assert view(store, "ann", destination="remote", neighbours=("bob",)).neighbours == ()


def test_the_lineage_names_everything_that_was_read(store: MemoryStore) -> None:
    store.consent("bob", "share")
    assert view(store, "ann", neighbours=("bob",)).lineage == {("ann", "1"), ("ann", "2"), ("bob", "1"), ("bob", "2")}


def test_a_population_is_everybody_who_allows_it(store: MemoryStore) -> None:
    store.consent("bob", "assist")
    assert [u.user_id for u in population(store)] == ["ann", "eve"]


def test_an_empty_population_is_one_clear_error() -> None:
    with pytest.raises(BadInput, match="none of 0 users allows 'train'"):
        population(MemoryStore())


def test_a_stranger_has_no_records(store: MemoryStore) -> None:
    assert view(store, "nobody").records == ()
