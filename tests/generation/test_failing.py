"""A row that fails ends by itself: whoever is written beside it goes on as if it had not been there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Combine, Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Item, Key, Sampling, Score
from idiolect.generation.drive import run_many
from idiolect.generation.engine import Engine
from idiolect.models.hf import HFModel
from idiolect.training.parts import low_rank

SEA = ask("tag", "a film about ships")


def failing(after: int) -> Combine:
    """Fails at the token after so many."""

    def formula(step: Any, rows: Any) -> tuple[Tensor, dict[str, Tensor]]:
        seen = step.state["n"] if step.state else torch.zeros(len(step.log_probs))
        if (seen >= after).any():
            raise RuntimeError("broken")
        return step.log_probs[:, 0], {"n": seen + 1}

    return Combine(formula=formula)


def in_a_step(x: Tensor, h: Tensor, tensors: Any, at: Any) -> Tensor:
    if h.shape[1] == 1 and at.positions.max() > 0:
        raise RuntimeError("broken")
    return h


BAD: list[Callable[[], Idiolect]] = [
    lambda: Idiolect(combine=failing(0)),
    lambda: Idiolect(combine=failing(2)),
    lambda: Idiolect(streams=(Stream(edits=(Edit(site="lm_head", formula=in_a_step),)),)),
]


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("sampling", [Sampling(max_tokens=6), Sampling(max_tokens=6, temperature=1.2)])
def test_a_row_that_fails_in_a_step_fails_alone(small_crowd: Any, bad: Any, sampling: Sampling) -> None:
    def texts(*, beside: bool) -> list[list[int]]:
        engine = Engine(small_crowd.model.models)
        handles = [engine.submit(small_crowd.ask(i, **vars(sampling)), small_crowd.key(i)) for i in range(8)]
        engine.step()
        if beside:
            wrong = engine.submit(Ask(query=SEA, idiolect=bad(), sampling=sampling), Key())
        engine.run()
        if beside:
            assert wrong.rows[0].finish == "error"
            assert str(wrong.error) == "broken"
        assert not any(h.error for h in handles)
        return [h.rows[0].tokens for h in handles]

    assert texts(beside=True) == texts(beside=False)


def test_an_error_that_no_row_has_alone_ends_those_that_run_and_none_that_come(small_crowd: Any) -> None:
    def crowded(step: Any, rows: Any) -> Tensor:
        if len(step.log_probs) > 1:
            raise RuntimeError("no room")
        return step.log_probs[:, 0]

    engine, asked = (
        Engine(small_crowd.model.models),
        Ask(query=SEA, idiolect=Idiolect(combine=Combine(formula=crowded))),
    )
    both = [engine.submit(asked, Key()) for _ in range(2)]
    engine.run()
    assert [str(h.error) for h in both] == ["no room"] * 2
    later = engine.submit(asked, Key())
    engine.run()
    assert later.error is None
    assert later.rows[0].tokens


def test_what_a_flow_asks_for_in_vain_leaves_rows_that_run_alone() -> None:
    model = HFModel.random("gpt2", positions=64)
    running = model.engine.submit(Ask(query=ask("", "x"), sampling=Sampling(max_tokens=12)), Key())
    model.engine.step()
    with pytest.raises(BadInput, match="shorter query"):
        model.answer([Ask(query=SEA, sampling=Sampling(max_tokens=2)), Ask(query=ask("", "word " * 40))], [Key()] * 2)
    model.engine.run()
    assert running.rows[0].finish in ("stop", "length")


def lora(wide: int) -> Idiolect:
    rows = {"A": torch.ones(2, wide), "B": torch.ones(32, 2), "scale": torch.tensor(1.0)}
    site = "model.layers.0.self_attn.q_proj"
    return Idiolect(streams=(Stream(edits=(Edit(site=site, formula=low_rank, rows=rows),)),))


@pytest.mark.parametrize("wide", [16, 48])
def test_an_edit_of_another_width_is_named_with_its_site_and_widths(wide: int) -> None:
    model = HFModel.random("llama")
    told = rf"the edit at model.layers.0.self_attn.q_proj: it takes 32 .* in and 32 out .* A \(2, {wide}\)"
    for request in (
        Ask(query=SEA, idiolect=lora(wide)),
        Score(items=(Item(query=SEA, answer="x", idiolect=lora(wide)),)),
    ):
        with pytest.raises(BadInput, match=told):
            model.answer([request], [Key()])


def test_an_edit_of_another_width_fails_its_flow_alone_and_is_not_padded_among_others() -> None:
    model, caught = HFModel.random("llama"), []

    def flow(wide: int) -> Any:
        try:
            return (yield Score(items=(Item(query=SEA, answer="x", idiolect=lora(wide)),)))[0].total
        except BadInput as error:
            caught.append(error)
            return None

    found = run_many({Key(user=str(w)): flow(w) for w in (32, 16)}, {"base": model})
    alone = run_many({Key(user="32"): flow(32)}, {"base": model})
    assert found == {Key(user="32"): alone[Key(user="32")], Key(user="16"): None}
    assert len(caught) == 1
