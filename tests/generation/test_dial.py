"""Half personal is halfway between the distributions, whatever makes an Idiolect personal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from idiolect.core.idiolect import Combine, Edit, Idiolect, Stream
from idiolect.core.requests import Ask, Key
from idiolect.generation.dial import dialled
from idiolect.generation.engine import Engine


def value(x: Any, h: Any, t: Any, at: Any) -> Any:
    return (x * t["v"][:, None]).sum(-1, keepdim=True)


def augmented(step: Any, rows: Any) -> Any:
    return step.log_probs[:, 0].scatter_add(1, step.ids, step.values).log_softmax(-1)


def foreseeing(width: int) -> Idiolect:
    head = Edit(site="lm_head", formula=value, rows={"v": torch.ones(width)})
    return Idiolect(streams=(Stream(), Stream(edits=(head,))), combine=Combine(formula=augmented, lookahead=3))


def first(crowd: Any, asked: Ask, made: Idiolect) -> torch.Tensor:
    """log p of the first token."""
    engine = Engine(crowd.model.models)
    handle = engine.submit(replace(asked, idiolect=made), Key(), scores=True)
    engine.step()
    return handle.rows[0].scores[0]


@pytest.mark.parametrize("i", [1, 3, 4, 5, 6, 7, None])
def test_between_two_distributions(small_crowd: Any, i: int | None) -> None:
    asked = small_crowd.ask(i or 0)
    made = foreseeing(small_crowd.model.width) if i is None else asked.idiolect
    personal, generic = first(small_crowd, asked, made), first(small_crowd, asked, Idiolect())
    expected = (0.25 * personal + 0.75 * generic).log_softmax(-1)
    torch.testing.assert_close(first(small_crowd, asked, dialled(made, 0.25)), expected, rtol=0, atol=1e-4)
    assert not torch.allclose(personal, generic, atol=1e-2)


def test_whole_strength_and_nothing_personal_stay_as_they_are(small_crowd: Any) -> None:
    made = small_crowd.idiolect(1)
    assert dialled(made, 1.0) is made
    assert dialled(bare := Idiolect(), 0.5) is bare


def test_users_of_one_formula_share_a_call(small_crowd: Any) -> None:
    half, most = (dialled(small_crowd.idiolect(5), s) for s in (0.5, 0.8))
    assert getattr(half.combine, "formula", 1) is getattr(most.combine, "formula", 2)
