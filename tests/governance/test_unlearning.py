"""Unlearning with a real method: what is learnt again has the parameters of never having seen him."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from contract_setting import model, quick, records
from idiolect import registry
from idiolect.core.types import UserData
from idiolect.data.sqlite.store import SQLiteStore
from idiolect.governance import erasure
from idiolect.governance.derived import keep, load, relearn
from idiolect.governance.view import population
from idiolect.personalize import Personal

PEOPLE = ("ann", "bob", "cid")


def learnt(users: tuple[UserData, ...]) -> Any:
    personal = Personal(method=quick(registry.build("user_identifier")), model=model("llama"))
    personal.learn(users)
    return personal.theta


def tensors(theta: Any) -> dict[str, torch.Tensor]:
    return {f"{edit.site} {name}": tensor for edit in theta.edits for name, tensor in edit.shared.items()}


def distance(one: Any, other: Any) -> float:
    a, b = tensors(one), tensors(other)
    assert a.keys() == b.keys()
    assert a
    return max(float((a[name] - b[name]).abs().max()) for name in a)


@pytest.mark.slow
def test_a_model_that_was_learnt_again_is_that_without_him(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "home")
    for name in PEOPLE:
        store.append(name, records(name))
        store.consent(name, "assist", "train")
    seen = population(store)
    keep(store, "named", learnt(seen), seen)
    without = learnt(population(store, PEOPLE[1:]))
    assert distance(load(store, "named"), without) > 1e-4
    assert erasure.erase(store, "ann").status == "open"
    relearn(store, "named", learnt)
    assert distance(load(store, "named"), without) <= 1e-6
    assert [receipt.status for receipt in erasure.receipts(store)] == ["closed"]
    store.close()
