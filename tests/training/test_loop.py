"""Many users in one run: each exactly as if alone, whoever joins, leaves or fails beside him."""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from idiolect.core.errors import BadInput, TrainingError, UnknownName
from idiolect.core.idiolect import Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Fit, Fitted, Key, Recipe, Sampling, Trained
from idiolect.training import loop, run
from idiolect.training.loop import fit
from idiolect.training.parts import LowRank, Shift, Vector, Weights

FEW = Recipe(lr=1e-2, steps=8, batch=3)  # users with one to nine items: some begin an epoch anew, some are within one
EVERYTHING = (LowRank(rank=4, dropout=0.1), Vector(length=2, scale=0.1), Shift())


def one(results: list[Any]) -> Fitted:
    (result,) = results
    assert isinstance(result, Fitted)
    return result


@pytest.mark.parametrize(
    ("family", "parts", "objective"),
    [("llama", EVERYTHING, "sft"), ("lfm2", EVERYTHING, "sft"), ("llama", (LowRank(rank=4),), "dpo")],
)
def test_eight_users_together_equal_eight_alone(
    backbone: Any, population: Any, numbers: Any, family: str, parts: Any, objective: str
) -> None:
    model = backbone(family, torch.float64)
    fits, keys = population(8, parts, objective=objective, recipe=FEW)
    for f, key, together in zip(fits, keys, fit(model, fits, keys), strict=True):
        alone = one(fit(model, [f], [key]))
        difference = numbers(together.users[key.user]) - numbers(alone.users[key.user])
        assert difference.abs().max() < 1e-8
        assert len(together.losses[key.user]) == FEW.steps


def first_gradients(model: Any, fits: list[Fit], keys: list[Key]) -> dict[str, Tensor]:
    """Each user's gradient of step 1, read from Adam's first moment, which is a tenth of it."""
    found = {}

    def look(now: run.Run) -> None:
        for x in now.live:
            found[x.users[0]] = torch.cat([m[x.first].flatten() for m in now.optimiser.first]) / 0.1

    run.Run(model, [x for i, f in enumerate(fits) for x in loop._learners(f, keys[i], i)]).train(look)
    return found


def test_in_single_precision_first_gradients_and_every_loss_agree(backbone: Any, population: Any) -> None:
    model = backbone("llama")
    fits, keys = population(8, EVERYTHING, recipe=Recipe(steps=1, batch=3))
    together = first_gradients(model, fits, keys)
    for f, key in zip(fits, keys, strict=True):
        alone = first_gradients(model, [f], [key])[key.user]
        assert (together[key.user] - alone).norm() < 1e-4 * alone.norm()
    fits, keys = population(4, EVERYTHING, recipe=FEW)
    for f, key, result in zip(fits, keys, fit(model, fits, keys), strict=True):
        alone = torch.tensor(one(fit(model, [f], [key])).losses[key.user])
        torch.testing.assert_close(torch.tensor(result.losses[key.user]), alone, rtol=1e-4, atol=0)


def test_users_join_and_leave_few_slots_and_nothing_changes(
    backbone: Any, population: Any, numbers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = backbone("llama", torch.float64)
    fits, keys = population(7, (LowRank(rank=2),), recipe=Recipe(lr=1e-2, epochs=3, batch=2))
    wide = fit(model, fits, keys)
    monkeypatch.setattr(run, "SLOTS", 2)
    for key, a, b in zip(keys, wide, fit(model, fits, keys), strict=True):
        assert (numbers(a.users[key.user]) - numbers(b.users[key.user])).abs().max() < 1e-8
    assert [len(r.losses[k.user]) for k, r in zip(keys, wide, strict=True)] == [3, 6, 9, 12, 15, 3, 6]


def test_a_step_reads_no_more_tokens_than_its_bound(
    backbone: Any, population: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TOKENS", 250)
    fits, keys = population(6, (Shift(),), recipe=Recipe(steps=4, batch=1))
    most = 0

    def look(now: run.Run) -> None:
        nonlocal most
        most = max(most, len(now.live))
        assert sum(x.tokens for x in now.live) <= 250

    run.Run(backbone(), [x for i, f in enumerate(fits) for x in loop._learners(f, keys[i], i)]).train(look)
    assert most > 1


def test_a_user_in_a_fit_of_many_equals_him_in_a_fit_of_his_own(backbone: Any, population: Any, numbers: Any) -> None:
    model = backbone("llama", torch.float64)
    fits, keys = population(3, EVERYTHING, recipe=FEW)
    many = replace(fits[0], items=tuple(i for f in fits for i in f.items))
    together = one(fit(model, [many], [Key(seed=1, method="test")]))
    for f, key in zip(fits, keys, strict=True):
        alone = one(fit(model, [f], [key]))
        assert (numbers(together.users[key.user]) - numbers(alone.users[key.user])).abs().max() < 1e-8


def test_training_lowers_the_loss_and_leaves_the_model_bit_for_bit(backbone: Any, items: Any) -> None:
    model = backbone("lfm2")
    before = {k: v.clone() for k, v in model.module.state_dict().items()}
    everywhere = LowRank(rank=8, sites="linear")
    request = Fit(train=(everywhere,), items=items("ann", 4), recipe=Recipe(lr=0.02, steps=30))
    result = one(fit(model, [request], [Key()]))
    assert result.losses["ann"][-1] < 0.7 * result.losses["ann"][0]
    after = model.module.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)


def test_one_who_cannot_go_on_stops_alone_with_a_clear_error(backbone: Any, population: Any, numbers: Any) -> None:
    model = backbone("llama", torch.float64)
    fits, keys = population(3, (Shift(),))
    clean = fit(model, fits, keys)
    broken = Trained(edits=tuple(_with_nan(e) for e in clean[1].users["u1"].edits))
    results = fit(model, [fits[0], replace(fits[1], start={"u1": broken}), fits[2]], keys)
    assert isinstance(results[1], TrainingError)
    assert "user 'u1': the loss is nan at step 1. Lower Recipe.lr" in str(results[1])
    for i in (0, 2):
        assert (numbers(results[i].users[f"u{i}"]) - numbers(clean[i].users[f"u{i}"])).abs().max() < 1e-8


def _with_nan(edit: Edit) -> Edit:
    return replace(edit, rows={k: torch.full_like(t, torch.nan) for k, t in edit.rows.items()})


def test_in_a_fit_of_many_the_failed_user_is_named_beside_the_others(backbone: Any, items: Any) -> None:
    model = backbone()
    everyone = (*items("ann", 2), *items("bob", 2))
    first = one(fit(model, [Fit(train=(Shift(),), items=everyone, recipe=Recipe(steps=2))], [Key()]))
    start = {"ann": Trained(edits=tuple(_with_nan(e) for e in first.users["ann"].edits))}
    result = one(fit(model, [Fit(train=(Shift(),), items=everyone, recipe=Recipe(steps=2), start=start)], [Key()]))
    assert set(result.users) == {"bob"}
    assert "the loss is nan" in str(result.failed["ann"])


def test_going_on_from_a_start_takes_its_tensors(backbone: Any, items: Any, numbers: Any) -> None:
    model = backbone()
    request = Fit(train=EVERYTHING, items=items("ann", 3), recipe=Recipe(lr=1e-2, steps=5))
    first = one(fit(model, [request], [Key(user="ann")])).users
    still = replace(request, start=first, recipe=Recipe(lr=0.0, steps=1))
    again = one(fit(model, [still], [Key(user="ann", number=7)])).users
    assert torch.equal(numbers(again["ann"]), numbers(first["ann"]))


def test_a_start_of_another_rank_is_refused_with_both_shapes(backbone: Any, items: Any) -> None:
    model = backbone()
    request = Fit(train=(LowRank(rank=4),), items=items("ann", 2), recipe=Recipe(steps=1))
    start = one(fit(model, [request], [Key()])).users
    (refused,) = fit(model, [replace(request, train=(LowRank(rank=2),), start=start)], [Key()])
    assert isinstance(refused, BadInput)
    assert "A is (4, 32) where LowRank(rank=2" in str(refused)


def test_a_slot_stops_by_its_own_patience(backbone: Any, population: Any) -> None:
    model = backbone()
    recipe = Recipe(lr=0.0, steps=12, batch=8, patience=3)  # at rate 0 the full batch's loss never gets better
    fits, keys = population(2, (Shift(),), recipe=recipe)
    results = fit(model, [fits[0], replace(fits[1], recipe=replace(recipe, lr=0.05))], keys)
    assert [len(r.losses[k.user]) for k, r in zip(keys, results, strict=True)] == [4, 12]


def test_rows_all_gives_everybody_one_copy(backbone: Any, items: Any) -> None:
    everyone = (*items("ann", 3), *items("bob", 2))
    result = one(
        fit(
            backbone(), [Fit(train=(LowRank(),), items=everyone, rows="all", recipe=Recipe(batch=4, epochs=2))], [Key()]
        )
    )
    assert set(result.users) == {""}
    assert len(result.losses[""]) == 4  # two batches an epoch, over all five items
    assert all(set(e.shared) == {"A", "B", "scale"} and not e.rows for e in result.users[""].edits)


def test_other_seeds_give_other_starts_and_the_same_seed_the_same(backbone: Any, items: Any, numbers: Any) -> None:
    model = backbone()
    request = Fit(train=(LowRank(),), items=items("ann", 5), recipe=Recipe(steps=2, batch=2))
    a, b, c = (one(fit(model, [request], [Key(seed=s)])).users["ann"] for s in (0, 0, 1))
    assert torch.equal(numbers(a), numbers(b))
    assert not torch.equal(numbers(a), numbers(c))


def test_a_derived_model_is_named_by_what_it_became(backbone: Any, items: Any) -> None:
    model = backbone("llama")
    before = {k: v.clone() for k, v in model.module.state_dict().items()}
    request = Fit(train=(Weights(),), items=items("ann", 4), rows="all", recipe=Recipe(lr=1e-2, steps=8))
    result = one(fit(model, [request], [Key()]))
    name = result.users[""].model
    assert name is not None
    assert name == one(fit(model, [request], [Key()])).users[""].model
    assert result.losses[""][-1] < result.losses[""][0]
    after = model.module.state_dict()
    assert all(torch.equal(before[k], after[k]) for k in before)
    further = one(fit(model, [replace(request, start=result.users)], [Key()]))
    assert further.losses[""][0] < result.losses[""][-1]


def test_a_derived_model_is_kept_while_somebody_holds_its_name(backbone: Any, items: Any) -> None:
    model = backbone("llama")
    request = Fit(train=(Weights(),), items=items("ann", 2), rows="all", recipe=Recipe(lr=1e-2, steps=1))
    held = Stream(model=one(fit(model, [request], [Key()])).users[""].model)
    again = one(fit(model, [request], [Key()])).users[""].model
    asked = Ask(query=ask("tag", "ships"), idiolect=Idiolect(streams=(held,)), sampling=Sampling(max_tokens=2))
    text = model.answer([asked], [Key()])
    gc.collect()
    assert set(model.derived) == {str(again)} == {held.model}
    assert model.answer([asked], [Key()]) == text
    model.engine.lanes.clear()  # some are kept, for whoever comes again
    del held, again, asked
    gc.collect()
    assert not model.derived
    assert set(model.models) == {"base"}


def test_progress_is_told_after_each_step(backbone: Any, population: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[loop.Progress] = []
    monkeypatch.setattr(loop, "progress", seen.append)
    fits, keys = population(3, (Shift(),), recipe=Recipe(steps=4, batch=2))
    fit(backbone(), fits, keys)
    assert [(p.done, p.total) for p in seen] == [(3, 12), (6, 12), (9, 12), (12, 12)]


def test_a_site_that_the_model_lacks_fails_its_own_fit_only(backbone: Any, items: Any) -> None:
    good = Fit(train=(Shift(),), items=items("ann", 1), recipe=Recipe(steps=1))
    bad = replace(good, train=(LowRank(sites="qqq"),))
    results = fit(backbone(), [bad, good], [Key(), Key()])
    assert isinstance(results[0], UnknownName)
    assert isinstance(results[1], Fitted)


def test_an_objective_of_pairs_wants_a_rejected_answer(backbone: Any, items: Any) -> None:
    lonely = tuple(replace(i, rejected="") for i in items("ann", 1))
    (refused,) = fit(backbone(), [Fit(train=(Shift(),), items=lonely, objective="dpo")], [Key()])
    assert "item 0 of user 'ann': the objective compares two answers" in str(refused)


def test_a_vector_of_length_two_stands_before_the_prompt(backbone: Any, items: Any) -> None:
    result = one(
        fit(backbone(), [Fit(train=(Vector(length=2),), items=items("ann", 1), recipe=Recipe(steps=1))], [Key()])
    )
    prefix = result.users["ann"].prefix
    assert prefix is not None
    assert prefix.rows["vector"].shape == (2, 32)
