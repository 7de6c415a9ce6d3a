"""Kept rows of edits: the same numbers as without slots, whatever was there before."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from idiolect.core.idiolect import Edit
from idiolect.forward.attach import Plain
from idiolect.forward.slots import Slots


def formula(x: Any, h: Any, t: Any, at: Any) -> Any:
    return h


def edit(value: float, name: str | None, rank: int = 2) -> Edit:
    return Edit(site="s", formula=formula, rows={"A": torch.full((rank, 3), value)}, cached_as=name)


def same(slots: Slots, edits: list[Edit]) -> bool:
    return torch.equal(slots.stack(edits)["A"], Plain().stack(edits)["A"])


def test_a_named_edit_is_copied_once() -> None:
    slots = Slots(capacity=2)
    first = edit(1.0, "ann")
    slots.stack([first])
    (bank,) = slots.banks.values()
    held = bank["ann"].rows["A"]
    slots.stack([first])
    assert held is bank["ann"].rows["A"]
    assert held is not first.rows["A"]
    assert list(bank) == ["ann"]


def test_upright_matrices_lie_column_after_column_and_are_the_same_numbers() -> None:
    tall = [Edit(site="s", formula=formula, rows={"B": torch.rand(5, rank)}, cached_as=str(rank)) for rank in (2, 2, 3)]
    for some in (tall[:2], tall):
        found = Slots().stack(some)["B"]
        assert found.mT.is_contiguous()
        assert torch.equal(found[0, :, :2], tall[0].rows["B"])
        assert torch.equal(found, Plain().stack(some)["B"])


def test_the_least_recently_used_leaves_first() -> None:
    slots = Slots(capacity=2)
    for name in ("ann", "bob", "ann", "cid"):
        slots.stack([edit(ord(name[0]), name)])
    (bank,) = slots.banks.values()
    assert set(bank) == {"ann", "cid"}


@settings(max_examples=60)
@given(st.lists(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), min_size=1, max_size=6), max_size=8))
def test_stacks_equal_plain_stacks_whatever_was_there_before(history: list[list[tuple[int, int]]]) -> None:
    slots = Slots(capacity=3)
    for batch in history:
        assert same(slots, [edit(user + rank / 10, f"user {user}", rank) for user, rank in batch])


def test_a_name_whose_tensors_changed_is_copied_anew() -> None:
    slots = Slots()
    slots.stack([edit(1.0, "ann")])
    assert same(slots, [edit(2.0, "ann")])


def test_one_name_with_two_contents_in_a_batch_mixes_nothing_up() -> None:
    assert same(Slots(), [edit(1.0, "ann"), edit(2.0, "ann")])


def test_more_names_than_slots_in_one_batch_are_all_right() -> None:
    assert same(Slots(capacity=2), [edit(float(i), f"user {i}") for i in range(5)])


def test_unnamed_edits_leave_no_trace() -> None:
    slots = Slots()
    assert same(slots, [edit(1.0, None)])
    assert not slots.banks


@pytest.mark.parametrize("again", [1.0, 3.0])
def test_what_is_forgotten_is_overwritten_and_can_come_again(again: float) -> None:
    slots = Slots()
    slots.stack([edit(1.0, "ann"), edit(2.0, "bob")])
    (bank,) = slots.banks.values()
    held, own = bank["ann"].rows["A"], edit(1.0, "ann")
    slots.stack([own])
    slots.forget("ann")
    assert not held.any()
    assert own.rows["A"].all()
    assert same(slots, [edit(again, "ann"), edit(2.0, "bob")])
