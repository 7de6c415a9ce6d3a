"""The only maker of `UserData` asks for consent and shows no more than was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from idiolect.core.errors import BadInput, ConsentError
from idiolect.core.types import Turn
from idiolect.data.policy import STUDY, Policy
from idiolect.data.store import MemoryStore
from idiolect.governance.view import population, view


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore(STUDY)
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
    with pytest.raises(ConsentError, match="'share_with_provider'"):
        view(store, "ann", destination="provider")


def test_what_may_not_leave_the_machine_does_not(store: MemoryStore) -> None:
    store.consent("ann", "assist", "share_with_provider")
    assert [r.id for r in view(store, "ann", destination="provider").records] == ["2"]


def test_neighbours_are_only_those_who_share(store: MemoryStore) -> None:
    store.consent("bob", "share")
    seen = view(store, "ann", neighbours=("bob", "eve", "ann"))
    assert [n.user_id for n in seen.neighbours] == ["bob"]


def test_a_neighbours_private_records_do_not_leave_the_machine_either(store: MemoryStore) -> None:
    store.consent("ann", "assist", "share_with_provider")
    store.consent("bob", "share", "share_with_provider")
    seen = view(store, "ann", destination="provider", neighbours=("bob",))
    assert [r.id for r in seen.neighbours[0].records] == ["1"]


def test_a_neighbour_who_shares_but_not_with_remote_models_is_left_out(store: MemoryStore) -> None:
    store.consent("ann", "assist", "share_with_provider")
    store.consent("bob", "share")
    assert view(store, "ann", destination="provider", neighbours=("bob",)).neighbours == ()


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


def test_nobody_is_learnt_from_or_shared_who_was_not_asked() -> None:
    store = MemoryStore()
    store.append("ann", [Turn(id="1", text="x")])
    assert view(store, "ann").records
    for purpose in ("train", "share"):
        with pytest.raises(ConsentError, match=f"does not allow {purpose!r}"):
            view(store, "ann", purpose=purpose)


ILL, TEA = Turn(id="ill", text="I was diagnosed with diabetes"), Turn(id="tea", text="I like tea")


@pytest.fixture
def private() -> MemoryStore:
    store = MemoryStore()
    store.append("ann", [ILL, TEA])
    store.consent("ann", "assist", "train", "share", "share_with_provider")
    return store


def test_what_is_sensitive_is_used_for_him_alone_here_where_no_context_is_named(private: MemoryStore) -> None:
    assert view(private, "ann").records == (ILL, TEA)


@pytest.mark.parametrize(
    ("circumstances", "seen"),
    [
        ({"context": "health"}, (ILL, TEA)),
        ({"context": "work"}, (TEA,)),
        ({"purpose": "train"}, (TEA,)),
        ({"purpose": "train", "context": "health"}, (TEA,)),
        ({"destination": "provider"}, (TEA,)),
    ],
)
def test_what_is_sensitive_stays_out_of_contexts_that_are_not_its_own(
    private: MemoryStore, circumstances: dict[str, Any], seen: tuple[Turn, ...]
) -> None:
    assert view(private, "ann", **circumstances).records == seen


def test_what_is_sensitive_is_not_shown_to_neighbours(private: MemoryStore) -> None:
    (ann,) = view(private, "bob", neighbours=("ann",)).neighbours
    assert ann.records == (TEA,)


def test_he_may_add_a_context_for_one_kind(private: MemoryStore) -> None:
    private.consent("ann", "assist", "train", "health:train", "money:work")
    assert view(private, "ann", purpose="train").records == (ILL, TEA)
    assert view(private, "ann", context="work").records == (TEA,)


def test_the_policy_may_allow_a_kind_everywhere() -> None:
    store = MemoryStore(Policy(sensitive={"health": frozenset({"*"})}))
    store.append("ann", [ILL, TEA])
    assert view(store, "ann", context="work").records == (ILL, TEA)
