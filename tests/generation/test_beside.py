"""What runs beside an answer, or cannot run, never reaches it: other threads, other models, rows that fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import Tensor

from idiolect.core.errors import BadInput, CompositionError, UnknownName
from idiolect.core.idiolect import Combine, Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Item, Key, Read, Sampling, Score
from idiolect.generation.engine import Engine
from idiolect.models.hf import HFModel


def shifted(x: Tensor, h: Tensor, t: Any, at: Any) -> Tensor:
    moved: Tensor = h + t["v"][:, None]
    return moved


def between(x: Tensor, h: Tensor, t: Any, at: Any) -> Tensor:
    half: Tensor = (h[:, -1:] + at.partner[:, -1:]) / 2
    return half if h.shape[1] == 1 else torch.cat([h[:, :-1], half], 1)


def third(step: Any, rows: Any) -> Tensor:
    found: Tensor = step.log_probs[:, -1]
    return found


def test_a_partner_is_found_beside_a_stream_through_another_model() -> None:
    model = HFModel.random("llama")
    model.companions["other"] = HFModel.random("llama", seed=1)
    half, query = Edit(site="model.layers.0", formula=between, partner=1), ask("tag", "x")

    def last(first: str) -> tuple[float, Tensor]:
        streams = (Stream(model=first), Stream(query="quite another thing"), Stream(edits=(half,)))
        under = Idiolect(streams=streams, combine=Combine(formula=third))
        (scored,) = model.answer([Score(items=(Item(query=query, answer="s", idiolect=under),))], [Key()])
        engine = Engine(model.models)
        handle = engine.submit(Ask(query=query, idiolect=under), Key(), scores=True)
        engine.step()
        return scored[0].total, handle.rows[0].scores[0]

    (total, scores), (expected, others) = last("other"), last("base")
    assert total == pytest.approx(expected, abs=1e-4)
    torch.testing.assert_close(scores, others, rtol=0, atol=1e-4)


def test_a_partner_through_another_model_is_refused() -> None:
    model = HFModel.random("llama")
    model.companions["other"] = HFModel.random("llama", seed=1)
    half = Edit(site="model.layers.0", formula=between, partner=0)
    streams = (Stream(model="other"), Stream(edits=(half,)))
    item = Item(query=ask("tag", "x"), answer="y", idiolect=Idiolect(streams=streams, combine=Combine(formula=third)))
    with pytest.raises(CompositionError, match="through the same model"):
        model.answer([Score(items=(item,))], [Key()])


def test_an_edit_for_a_place_that_is_not_there_is_refused_before_anything_runs(small_crowd: Any) -> None:
    engine = Engine(small_crowd.model.models)
    wrong = Edit(site="nowhere", formula=torch.add)
    with pytest.raises(UnknownName, match="nowhere"):
        engine.submit(Ask(query=ask("tag", "x"), idiolect=Idiolect(streams=(Stream(edits=(wrong,)),))), Key())
    assert not engine.waiting


def test_an_empty_stop_string_is_refused() -> None:
    with pytest.raises(BadInput, match="Sampling.stop"):
        Sampling(stop=("end", ""))


def test_a_past_or_a_prefix_of_another_model_is_refused_before_anything_runs(small_crowd: Any) -> None:
    query, other = ask("tag", "x"), HFModel.random("llama", layers=3)
    (read,) = other.answer([Read(items=(Item(query=query),), past=True)], [Key()])
    for stream, message in (
        (Stream(past=read[0]["past"]), "its keys are of layers 0, 1, 2, this model's attention is in 1"),
        (Stream(prefix=torch.zeros(1, 31)), r"\(1, 31\) where this model wants \(P, 32\)"),
    ):
        with pytest.raises(BadInput, match=message):
            Engine(small_crowd.model.models).submit(Ask(query=query, idiolect=Idiolect(streams=(stream,))), Key())


def test_two_threads_do_not_run_through_each_others_edits() -> None:
    model = HFModel.random("llama")

    def scores(i: int) -> Score:
        shift = torch.randn(32, generator=torch.Generator().manual_seed(i)) * 3
        mine = Idiolect(streams=(Stream(edits=(Edit(site="model.layers.0", formula=shifted, rows={"v": shift}),)),))
        texts = [ask("tag", "ships " * n) for n in range(1, 9)]
        return Score(items=tuple(Item(query=q, answer="salty", idiolect=mine) for q in texts))

    asked = [scores(i) for i in range(2)]
    alone = [[s.total for s in model.answer([a], [Key()])[0]] for a in asked]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda i: [s.total for s in model.answer([asked[i % 2]], [Key()])[0]], range(20)))
    for i, totals in enumerate(found):
        assert totals == pytest.approx(alone[i % 2], abs=1e-3)
