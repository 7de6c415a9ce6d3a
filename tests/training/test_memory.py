"""What training holds at once hangs on its slots, not on how many wait for one. Counted in tensors, not in time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from torch import Tensor

from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Item, Key, Recipe
from idiolect.models.hf import HFModel
from idiolect.training import loop, run
from idiolect.training.learner import Learner
from idiolect.training.parts import LowRank


@contextmanager
def counted() -> Iterator[Any]:
    """A function that gives the bytes of all tensors made since, without those that are users' results."""
    gc.collect()
    gc.freeze()  # what is there already is no longer listed

    def held() -> int:
        objects = gc.get_objects()
        results = [x.result for x in objects if type(x) is Learner and x.result]
        done = {t.data_ptr() for r in results for got in r.values() for e in got.edits for t in e.rows.values()}
        storages = {t.untyped_storage().data_ptr(): t for t in objects if isinstance(t, Tensor)}
        return sum(t.untyped_storage().nbytes() for at, t in storages.items() if at not in done)

    try:
        yield held
    finally:
        gc.unfreeze()


def most(model: HFModel, users: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes held after a step, at most, while so many users are trained."""
    names = [f"u{i:02}" for i in range(users)]
    items = [Item(query=ask("tag", "a film about ships"), answer="salty", user=name) for name in names]
    fits = [Fit(train=(LowRank(rank=8),), items=(i,) * 4, recipe=Recipe(lr=1e-3, steps=2, batch=2)) for i in items]
    step, seen = run.Run.step, list[int]()
    with counted() as held, monkeypatch.context() as patch:

        def watched(self: run.Run) -> None:
            step(self)
            seen.append(held())

        patch.setattr(run.Run, "step", watched)
        loop.fit(model, fits, [Key(user=name) for name in names])
    return max(seen)


def test_twelve_users_in_three_slots_hold_what_three_do(llama: HFModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "SLOTS", 3)
    few, many = (most(llama, users, monkeypatch) for users in (3, 12))
    assert few > 3 * 4 * 2 * 2 * 8 * 32 * 4  # parameters, gradients and two moments of three users: it counts something
    assert many <= 1.05 * few


def test_twelve_slots_hold_more_than_three(llama: HFModel, monkeypatch: pytest.MonkeyPatch) -> None:
    held = []
    for slots in (3, 12):
        monkeypatch.setattr(run, "SLOTS", slots)
        held.append(most(llama, 12, monkeypatch))
    assert held[1] > 2 * held[0]
