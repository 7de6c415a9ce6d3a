"""Small random models as backbones, and a population of users with unequal histories."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Item, Key, Part, Recipe, Trained
from idiolect.models.hf import HFModel


@pytest.fixture
def backbone() -> Callable[..., HFModel]:
    """A fresh model of two layers: ``backbone("llama", torch.float64)``."""

    def make(family: str = "llama", dtype: torch.dtype = torch.float32) -> HFModel:
        model = HFModel.random(family)
        model.module.to(dtype)
        return model

    return make


@pytest.fixture
def items() -> Callable[..., tuple[Item, ...]]:
    """``items("ann", 3)``: pairs of one user, the same each time."""

    def make(user: str, count: int, **more: Any) -> tuple[Item, ...]:
        draw = random.Random(user)
        things, words = ["ships", "dogs", "war and peace"], ["salty", "sweet thing", "no"]
        return tuple(
            Item(
                query=ask("tag", f"a film about {draw.choice(things)}"),
                answer=draw.choice(words),
                rejected="bad",
                user=user,
                **more,
            )
            for _ in range(count)
        )

    return make


@pytest.fixture
def population(items: Any) -> Callable[..., tuple[list[Fit], list[Key]]]:
    """``population(8, parts, objective=...)``: a Fit a user with 1, 3, 5, 7, 9, 1, ... items, and their keys."""

    def make(users: int, parts: tuple[Part, ...], **options: Any) -> tuple[list[Fit], list[Key]]:
        recipe = options.pop("recipe", Recipe(lr=1e-2, steps=20, batch=3))
        names = [f"u{i}" for i in range(users)]
        fits = [
            Fit(train=parts, items=items(name, 1 + i % 5 * 2), recipe=recipe, **options) for i, name in enumerate(names)
        ]
        return fits, [Key(seed=1, method="test", user=name) for name in names]

    return make


@pytest.fixture
def numbers() -> Callable[[Trained], Tensor]:
    """Everything a user got, as one vector."""

    def flat(trained: Trained) -> Tensor:
        parts: list[Any] = [*trained.edits, *([trained.prefix] if trained.prefix else [])]
        return torch.cat([t.flatten() for p in parts for _, t in sorted({**p.shared, **p.rows}.items())])

    return flat
