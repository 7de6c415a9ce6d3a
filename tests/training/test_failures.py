"""What cannot be trained is refused, cut or left out by itself: whoever trains beside it notices nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from idiolect.core.errors import BadInput, TrainingError, UnknownName
from idiolect.core.idiolect import Block, Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Fit, Fitted, Key, Recipe, Trained
from idiolect.models.hf import HFModel
from idiolect.training.loop import fit
from idiolect.training.parts import LowRank, Shift, Vector
from idiolect.training.shared import Coded


def one(results: list[Any]) -> Fitted:
    (result,) = results
    assert isinstance(result, Fitted)
    return result


def test_no_steps_leave_a_user_at_his_start(backbone: Any, items: Any) -> None:
    request = Fit(train=(LowRank(rank=2),), items=items("ann", 2), recipe=Recipe(steps=0))
    result = one(fit(backbone(), [request], [Key()]))
    assert all(not e.rows["B"].any() for e in result.users["ann"].edits)
    assert not result.losses


@pytest.mark.parametrize(
    ("edit", "error", "message"),
    [
        (Edit(site="nowhere", formula=Shift().formula, rows={"shift": torch.zeros(32)}), UnknownName, "nowhere"),
        (
            Edit(site="model.layers.0", formula=Shift().formula, rows={"shift": torch.zeros(31)}),
            BadInput,
            "takes 32 num",
        ),
    ],
)
def test_a_stream_that_cannot_run_stops_its_own_user_alone(
    backbone: Any, population: Any, items: Any, numbers: Any, edit: Edit, error: type[Exception], message: str
) -> None:
    model = backbone("llama", torch.float64)
    fits, keys = population(2, (Shift(),))
    clean = fit(model, fits, keys)
    broken = replace(fits[0], items=items("bob", 2, idiolect=Idiolect(streams=(Stream(edits=(edit,)),))))
    together = fit(model, [*fits, broken], [*keys, Key(user="bob")])
    assert isinstance(together[2], error)
    assert message in str(together[2])
    for i in (0, 1):
        assert (numbers(together[i].users[f"u{i}"]) - numbers(clean[i].users[f"u{i}"])).abs().max() < 1e-8


def test_a_prompt_too_long_to_train_on_loses_old_lines_as_it_does_in_an_answer(items: Any) -> None:
    model = HFModel.random("gpt2", positions=96)
    history = Block("Past examples by the user:", tuple(f"- item {n}" for n in range(30)))
    long = items("ann", 1, idiolect=Idiolect(streams=(Stream(context=(history,)),)))
    request = Fit(train=(Vector(length=2),), items=long, recipe=Recipe(steps=1))
    assert len(one(fit(model, [request], [Key()])).losses["ann"]) == 1


def test_a_query_too_long_to_train_on_fails_its_own_user_alone(items: Any) -> None:
    model = HFModel.random("gpt2", positions=64)
    long = replace(items("ann", 1)[0], query=ask("tag", "ships " * 40))
    request = Fit(train=(Shift(),), items=(long, *items("bob", 1)), recipe=Recipe(steps=1))
    result = one(fit(model, [request], [Key()]))
    assert set(result.users) == {"bob"}
    assert "Send a shorter query" in str(result.failed["ann"])


def test_passages_are_refused_in_training_as_in_an_answer(backbone: Any, items: Any) -> None:
    apart = Idiolect(streams=(Stream(passages=(Block("About ships:", ("- they sail",)),)),))
    (refused,) = fit(backbone(), [Fit(train=(Shift(),), items=items("ann", 1, idiolect=apart))], [Key()])
    assert isinstance(refused, BadInput)
    assert "Put them into Stream.context" in str(refused)


@pytest.mark.parametrize(("field", "value"), [("batch", 0), ("epochs", -1), ("lr", float("nan"))])
def test_a_recipe_that_cannot_be_is_refused(field: str, value: float) -> None:
    with pytest.raises(BadInput, match=f"Recipe.{field}"):
        Recipe(**{field: value})  # type: ignore[arg-type]


def weighed(items: Any, **weights: float) -> tuple[Any, ...]:
    return tuple(replace(i, weight=w) for user, w in weights.items() for i in items(user, 3))


@pytest.mark.parametrize("batch", [1, 4, 9])
def test_who_shares_tensors_and_has_no_numbers_is_left_out_and_named(backbone: Any, items: Any, batch: int) -> None:
    together = Fit(
        train=(Coded(rank=2, code=3),),
        items=weighed(items, ann=1.0, bob=float("nan"), cem=1.0),
        recipe=Recipe(lr=1e-2, steps=6, batch=batch),
    )
    (result,) = fit(backbone(), [together], [Key()])
    assert isinstance(result, Fitted)
    assert set(result.users) == {"ann", "cem"}
    assert set(result.failed) == {"bob"}
    assert "user 'bob'" in str(result.failed["bob"])
    for got in result.users.values():
        assert all(t.isfinite().all() for e in got.edits for t in (*e.rows.values(), *e.shared.values()))


def test_where_what_all_share_is_no_number_all_fail(backbone: Any, items: Any) -> None:
    together = Fit(train=(Coded(rank=2, code=3),), items=weighed(items, ann=1.0, bob=1.0), recipe=Recipe(steps=2))
    (sound,) = fit(backbone(), [together], [Key()])
    edits = tuple(replace(e, shared={k: t * torch.nan for k, t in e.shared.items()}) for e in sound.users["ann"].edits)
    (result,) = fit(backbone(), [replace(together, start={"": Trained(edits=edits)})], [Key()])
    assert isinstance(result, TrainingError)
    assert "all users together" in str(result)


def test_a_rank_of_nothing_is_refused() -> None:
    with pytest.raises(BadInput, match=r"LowRank.rank: 0. Give 1 or more"):
        LowRank(rank=0)
