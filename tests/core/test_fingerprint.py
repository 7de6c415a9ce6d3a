"""Values are told apart by all that they hold, and alike values are one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from idiolect.core.fingerprint import fingerprint
from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Item, Recipe
from idiolect.training.parts import LowRank

LORA, QUICK = LowRank(rank=2), Recipe(steps=2)


def test_a_fingerprint_tells_requests_apart_by_what_they_hold() -> None:
    def made(**changes: Any) -> bytes:
        given = {"train": (LORA,), "items": (), "recipe": QUICK, "options": {"reward": torch.zeros(2)}}
        return fingerprint(Fit(**{**given, **changes}))

    assert made() == made(options={"reward": torch.zeros(2)})
    others = [
        made(options={"reward": torch.ones(2)}),
        made(options={"reward": torch.zeros(1, 2)}),
        made(recipe=replace(QUICK, lr=2e-2)),
        made(train=(replace(LORA, rank=3),)),
        made(rows="all"),
        made(items=(Item(query=ask("", "a"), answer="b"),)),
    ]
    assert len({made(), *others}) == 7


def test_functions_of_one_name_are_told_apart_by_what_they_close_over() -> None:
    def scaled(by: float) -> Any:
        return lambda outputs, batch: outputs * by

    names = [fingerprint(Fit(train=(), items=(), objective=scaled(by))) for by in (1.0, 1.0, 2.0)]
    assert names[0] == names[1] != names[2]


def test_functions_of_one_name_are_told_apart_by_what_they_do() -> None:
    both = [lambda outputs, batch: outputs.sum(), lambda outputs, batch: outputs.mean()]
    assert len({fingerprint(f) for f in both}) == 2
    assert fingerprint(partial(scale, by=1.0)) == fingerprint(partial(scale, by=1.0)) != fingerprint(partial(scale))


@pytest.mark.parametrize(
    "other",
    [np.append(np.zeros(1999), 1.0), np.zeros((2, 1000)), np.zeros(2000, dtype=np.int64)],
    ids=["a number", "the shape", "the type"],
)
def test_arrays_are_told_apart_by_type_shape_and_every_number(other: Any) -> None:
    assert fingerprint(np.zeros(2000)) == fingerprint(np.zeros(2000)) != fingerprint(other)


def test_an_array_of_objects_is_what_they_are() -> None:
    held = [np.array([{"a": n}], dtype=object) for n in (1, 1, 2)]
    names = [fingerprint(h) for h in held]
    assert names[0] == names[1] != names[2]


def test_of_values_made_on_the_way_none_is_taken_for_the_one_before() -> None:
    assert fingerprint(Making(("a", "b", "c", "d"))) != fingerprint(Making(("a", "b", "a", "b")))


def test_what_does_not_say_what_it_holds_is_like_nothing_else() -> None:
    class Plain:
        pass

    one = Plain()
    assert fingerprint(one) != fingerprint(one)  # another may be told the same address later


def scale(outputs: Any, batch: Any, by: float = 0.0) -> Any:
    return outputs * by


class Making(Mapping[str, list[str]]):
    """Its values live no longer than they are looked at, so that the next has their place."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names

    def __getitem__(self, at: str) -> list[str]:
        return [self.names[int(at)]]

    def __iter__(self) -> Iterator[str]:
        return map(str, range(len(self.names)))

    def __len__(self) -> int:
        return len(self.names)


def test_tensors_of_every_type_are_told_apart_by_every_number() -> None:
    for kind in (torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.bool):
        zeros = torch.zeros(2, 3, dtype=kind)
        other = zeros.clone()
        other[1, 2] = 1
        assert fingerprint(zeros) == fingerprint(zeros.clone()) != fingerprint(other)
    tiny = torch.tensor([1.0], dtype=torch.float64)
    assert fingerprint(tiny) != fingerprint(tiny + 1e-12)
    assert fingerprint(zeros) != fingerprint(torch.zeros(2, 3))


def test_another_process_gives_the_same_name() -> None:
    code = (
        "from idiolect.core.fingerprint import fingerprint; from idiolect.core.requests import Fit, Recipe;"
        "print(fingerprint(Fit(train=(), items=(), recipe=Recipe(steps=3), objective=fingerprint,"
        "options={'who': frozenset('abcdef')})).hex())"
    )
    names = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(names) == 1
