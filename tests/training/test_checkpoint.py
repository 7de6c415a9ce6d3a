"""A run that is stopped at any step and begun again ends where it would have ended, bit for bit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from idiolect.core.requests import Fit, Fitted, Key, Part, Recipe
from idiolect.data import artifacts
from idiolect.training import loop, run
from idiolect.training.parts import LowRank, Vector, Weights
from idiolect.training.shared import Coded


class Folder:
    """Keeps a state after every step, as files."""

    def __init__(self, path: Path) -> None:
        self.path, self.due = path, True

    def save(self, name: str, state: dict[str, Any]) -> None:
        artifacts.save(self.path / name, state)

    def load(self, name: str) -> dict[str, Any] | None:
        return artifacts.load(self.path / name) if artifacts.exists(self.path / name) else None


class Stopped(Exception):
    """As if the process had been killed."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    yield
    loop.checkpoints = loop.progress = None


def killed(fit: Any, step: int) -> None:
    """Runs until so many steps of the loop are done."""
    seen = 0

    def count(_: loop.Progress) -> None:
        nonlocal seen
        seen += 1
        if seen == step:
            raise Stopped

    loop.progress = count
    with pytest.raises(Stopped):
        fit()
    loop.progress = None


def everything(results: list[Any], model: Any) -> list[torch.Tensor]:
    found = []
    for fitted in results:
        assert isinstance(fitted, Fitted)
        for _, got in sorted(fitted.users.items()):
            for part in [*got.edits, *([got.prefix] if got.prefix else [])]:
                found += [t for _, t in sorted({**part.shared, **part.rows}.items())]
            if got.model:
                found += [t for _, t in sorted(model.derived[got.model].state_dict().items())]
        found += [torch.tensor(x) for _, x in sorted(fitted.losses.items())]
    return found


CASES: list[tuple[tuple[Part, ...], str, str]] = [
    ((LowRank(rank=2, dropout=0.2), Vector(length=2, scale=0.1)), "sft", "user"),
    ((Coded(rank=2, code=3),), "sft", "user"),
    ((LowRank(rank=2),), "dpo", "all"),
    ((Weights(),), "sft", "all"),
]


@pytest.mark.parametrize(("parts", "objective", "rows"), CASES)
def test_a_stopped_run_goes_on_to_the_same_end(
    backbone: Any, items: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: Any, objective: str, rows: Any
) -> None:
    monkeypatch.setattr(run, "SLOTS", 2)  # of three users one waits
    recipe = Recipe(lr=1e-2, epochs=2, batch=2)
    if rows == "user" and not isinstance(parts[0], Coded):
        users = [Fit(train=parts, items=items(u, n), recipe=recipe) for u, n in (("a", 2), ("b", 5), ("c", 3))]
    else:
        mixed = items("a", 3) + items("b", 3)
        users = [Fit(train=parts, items=mixed, objective=objective, rows=rows, recipe=recipe)]
    keys = [Key(seed=1, method="m", user=str(i)) for i in range(len(users))]
    model = backbone("llama")
    whole = everything(loop.fit(model, users, keys), model)
    loop.checkpoints = Folder(tmp_path)
    for step in (2, 1):  # stopped twice
        killed(lambda: loop.fit(model, users, keys), step)
    other = backbone("llama")  # a new process
    again = everything(loop.fit(other, users, keys), other)
    assert len(again) == len(whole)
    assert all(torch.equal(a, b) for a, b in zip(again, whole, strict=True))


def test_what_is_over_is_not_trained_again(backbone: Any, items: Any, tmp_path: Path) -> None:
    model = backbone("llama")
    fits, keys = [Fit(train=(LowRank(rank=2),), items=items("a", 3), recipe=Recipe(steps=3))], [Key(user="a")]
    loop.checkpoints = Folder(tmp_path)
    first = everything(loop.fit(model, fits, keys), model)
    steps: list[Any] = []
    loop.progress = steps.append
    assert all(torch.equal(a, b) for a, b in zip(first, everything(loop.fit(model, fits, keys), model), strict=True))
    assert not steps


@pytest.mark.parametrize("changed", ["items", "train", "recipe", "start", "options"])
def test_other_work_under_the_same_key_finds_no_state_of_this(
    backbone: Any, items: Any, tmp_path: Path, changed: str
) -> None:
    model = backbone("llama")
    other = items("b", 3)
    fit = Fit(train=(LowRank(rank=2),), items=items("a", 3), recipe=Recipe(steps=3))
    loop.checkpoints = Folder(tmp_path)
    (first,) = loop.fit(model, [fit], [Key(user="a")])
    assert isinstance(first, Fitted)
    more: dict[str, Any] = {
        "items": {"items": tuple(replace(i, user="a") for i in other)},
        "train": {"train": (LowRank(rank=3),)},
        "recipe": {"recipe": Recipe(steps=3, lr=2e-2)},
        "start": {"start": {"a": first.users["a"]}},
        "options": {"options": {"beta": 0.3}},
    }
    steps: list[Any] = []
    loop.progress = steps.append
    loop.fit(model, [replace(fit, **more[changed])], [Key(user="a")])
    assert len(steps) == 3


def test_other_work_finds_no_state_of_this(backbone: Any, items: Any, tmp_path: Path) -> None:
    model, fit = backbone("llama"), Fit(train=(LowRank(rank=2),), items=items("a", 3), recipe=Recipe(steps=3))
    loop.checkpoints = Folder(tmp_path)
    loop.fit(model, [fit], [Key(user="a")])
    steps: list[Any] = []
    loop.progress = steps.append
    loop.fit(model, [fit], [Key(user="a", number=1)])
    assert len(steps) == 3
