"""Rows in company are as they are alone, however they come and go."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import nn

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.idiolect import Combine, Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Key, Sampling
from idiolect.generation.engine import Engine
from idiolect.generation.row import Handle
from idiolect.models.hf import HFModel

SEA = ask("tag", "a film about ships")


def fresh(crowd: Any, **options: Any) -> Engine:
    return Engine(crowd.model.models, **options)


def written(handle: Handle) -> list[int]:
    return handle.rows[0].tokens


def alone(crowd: Any, i: int, **sampling: Any) -> Handle:
    engine = fresh(crowd)
    handle = engine.submit(crowd.ask(i, **sampling), crowd.key(i), scores=True)
    engine.run()
    return handle


def same_scores(a: Handle, b: Handle, within: float = 1e-5) -> None:
    mine, theirs = torch.stack(a.rows[0].scores), torch.stack(b.rows[0].scores)
    torch.testing.assert_close(mine, theirs, rtol=0, atol=within)


def weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in module.state_dict().items()}


def hooks(module: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in module.modules())


def test_a_row_among_31_others_is_as_it_is_alone_and_the_model_is_untouched(crowd: Any) -> None:
    before = weights(crowd.module)
    engine = fresh(crowd)
    handles = [engine.submit(crowd.ask(i), crowd.key(i), scores=True) for i in range(32)]
    engine.run()
    for i, handle in enumerate(handles):
        single = alone(crowd, i)
        assert written(handle) == written(single)
        same_scores(handle, single)
    assert len({tuple(written(h)) for h in handles}) > 20  # they do differ
    assert hooks(crowd.module) == 0
    assert all(torch.equal(before[k], v) for k, v in crowd.module.state_dict().items())


@pytest.mark.parametrize("family", ["llama", "lfm2", "gpt2", "qwen"])
def test_in_double_precision_company_changes_nothing_but_the_last_bits(family: str, crowd_of: Any) -> None:
    model = HFModel.random(family)
    model.module.double()
    crowd = crowd_of(model)
    engine = fresh(crowd)
    handles = [engine.submit(crowd.ask(i), crowd.key(i), scores=True) for i in range(16)]
    engine.run()
    for i, handle in enumerate(handles):
        same_scores(handle, alone(crowd, i), 1e-11)


def test_greedy_text_is_that_of_transformers_own_generate(crowd: Any) -> None:
    engine = fresh(crowd)
    handle = engine.submit(Ask(query=SEA, sampling=Sampling(max_tokens=8)), Key())
    engine.run()
    (_, line) = handle.rows[0].lines[0]
    ids = torch.tensor([line.prompt])
    theirs = crowd.module.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, do_sample=False)
    assert written(handle) == [t for t in theirs[0, ids.shape[1] :].tolist() if t != 2]


@pytest.mark.parametrize("seed", range(3))
def test_any_order_of_joining_leaving_and_cancelling_changes_no_text(small_crowd: Any, seed: int) -> None:
    rng = random.Random(seed)
    engine = fresh(small_crowd, max_rows=rng.choice([3, 8, 16]))
    order = rng.sample(range(32), 20)
    handles: dict[int, Handle] = {}
    cancelled: set[int] = set()
    while order or engine.active or engine.waiting:
        for _ in range(rng.randint(0, 3)):
            if order:
                i = order.pop()
                handles[i] = engine.submit(small_crowd.ask(i), small_crowd.key(i), scores=True)
        running = [i for i, h in handles.items() if not h.done]
        if running and rng.random() < 0.2:
            i = rng.choice(running)
            handles[i].cancel()
            cancelled.add(i)
        engine.step()
    for i, handle in handles.items():
        single = alone(small_crowd, i)
        count = len(written(handle))
        assert written(handle) == written(single)[:count]
        if i not in cancelled:
            assert count == len(written(single))
            same_scores(handle, single)


def test_a_cancelled_row_ends_before_the_next_step(small_crowd: Any) -> None:
    engine = fresh(small_crowd)
    handles = [engine.submit(small_crowd.ask(i), small_crowd.key(i)) for i in range(2)]
    engine.step()
    handles[0].cancel()
    engine.run()
    assert len(written(handles[0])) == 1
    assert handles[0].rows[0].finish == "cancelled"
    assert handles[1].rows[0].finish in ("stop", "length")


def test_an_engine_that_is_done_holds_no_rows(small_crowd: Any) -> None:
    engine = fresh(small_crowd)
    for i in range(5):
        engine.submit(small_crowd.ask(i), small_crowd.key(i))
    engine.run()
    assert not engine.active
    assert all(lane.memory is None and not lane.lines for lane in engine.lanes.values())


def test_a_recycled_slot_equals_a_fresh_engine_bit_for_bit(small_crowd: Any) -> None:
    used = fresh(small_crowd, slots=1)
    for i in (1, 4, 9, 2):
        used.submit(small_crowd.ask(i), small_crowd.key(i))
        used.run()
    handle = used.submit(small_crowd.ask(12), small_crowd.key(12), scores=True)
    used.run()
    single = alone(small_crowd, 12)
    assert written(handle) == written(single)
    assert all(torch.equal(a, b) for a, b in zip(handle.rows[0].scores, single.rows[0].scores, strict=True))


def test_k_streams_are_k_separate_runs_combined(small_crowd: Any) -> None:
    handle = alone(small_crowd, 5)  # two streams, steered
    idiolect, strength = small_crowd.idiolect(5), 0.5
    engine = fresh(small_crowd)
    parts = []
    for stream in idiolect.streams:
        forced = engine.submit(
            Ask(query=small_crowd.ask(5).query, idiolect=Idiolect(streams=(stream,)), sampling=Sampling(max_tokens=1)),
            Key(),
            scores=True,
        )
        engine.run()
        parts.append(forced.rows[0].scores[0])
    expected = (parts[0] + strength * (parts[0] - parts[1])).log_softmax(-1)
    torch.testing.assert_close(handle.rows[0].scores[0], expected, rtol=0, atol=1e-5)


def test_a_formula_is_called_once_a_step_for_all_of_its_rows(small_crowd: Any) -> None:
    calls: list[int] = []

    def first(step: Any, rows: Any) -> Any:
        calls.append(len(step.log_probs))
        return step.log_probs[:, 0]

    pair = Idiolect(streams=(Stream(), Stream(query="?")), combine=Combine(formula=first, rows={"w": 1.0}))
    engine = fresh(small_crowd)
    for _ in range(5):
        engine.submit(Ask(query=SEA, idiolect=pair, sampling=Sampling(max_tokens=3)), Key())
    engine.run()
    assert calls == [5, 5, 5]


def test_a_combine_reads_hidden_states_at_the_site_it_names(small_crowd: Any) -> None:
    seen: list[torch.Size] = []

    def look(step: Any, rows: Any) -> Any:
        seen.append(step.hidden["blocks.-1"].shape)
        return step.log_probs[:, 0]

    reading = Idiolect(combine=Combine(formula=look, reads=("blocks.-1",)))
    engine = fresh(small_crowd)
    engine.submit(Ask(query=SEA, sampling=Sampling(max_tokens=2)), Key())
    engine.step()
    engine.submit(Ask(query=SEA, idiolect=reading, sampling=Sampling(max_tokens=2)), Key())
    engine.run()
    assert seen == [(1, 1, 32)] * 2


def test_looking_ahead_values_the_best_tokens_one_step_on_and_forgets_it(small_crowd: Any) -> None:
    module, width = small_crowd.module, small_crowd.model.width
    direction = torch.randn(width)

    def value(x: Any, h: Any, t: Any, at: Any) -> Any:
        return (x * t["v"][:, None]).sum(-1, keepdim=True)

    head = Edit(site="lm_head", formula=value, rows={"v": direction})
    seen: list[Any] = []

    def guided(step: Any, rows: Any) -> Any:
        seen.append(step)
        return step.log_probs[:, 0].scatter_add(1, step.ids, rows["w"][:, None] * step.values)

    def idiolect(weight: float) -> Idiolect:
        combine = Combine(formula=guided, rows={"w": weight}, lookahead=3)
        return Idiolect(streams=(Stream(), Stream(edits=(head,))), combine=combine)

    engine = fresh(small_crowd)
    options = {"query": SEA, "sampling": Sampling(max_tokens=4)}
    plain = engine.submit(Ask(**options), Key())
    still = engine.submit(Ask(**options, idiolect=idiolect(0.0)), Key())
    engine.run()
    assert written(plain) == written(still)
    prompt = plain.rows[0].lines[0][1].prompt
    with torch.no_grad():
        for k in range(3):
            ids = torch.tensor([[*prompt, int(seen[0].ids[0, k])]])
            state = module.model(ids).last_hidden_state[0, -1]
            torch.testing.assert_close(seen[0].values[0, k], state @ direction, rtol=0, atol=1e-4)


def test_sampling_depends_on_the_key_and_not_on_the_company(small_crowd: Any) -> None:
    hot = {"temperature": 1.3, "top_p": 0.9, "max_tokens": 6}
    engine = fresh(small_crowd)
    handles = [engine.submit(small_crowd.ask(i, **hot), small_crowd.key(i)) for i in range(12)]
    engine.run()
    assert all(written(h) == written(alone(small_crowd, i, **hot)) for i, h in enumerate(handles))


def test_each_of_n_texts_is_drawn_by_itself_and_another_seed_draws_others(small_crowd: Any) -> None:
    request = Ask(query=SEA, sampling=Sampling(max_tokens=6, temperature=1.5), n=4)
    texts = [small_crowd.model.answer([request], [Key(seed=s)])[0] for s in (0, 0, 1)]
    assert len(set(texts[0])) == 4
    assert texts[0] == texts[1] != texts[2]


def test_a_stop_string_ends_the_text_before_itself(small_crowd: Any) -> None:
    whole = alone(small_crowd, 0, max_tokens=12).texts[0]
    stop = whole[4:6]
    handle = alone(small_crowd, 0, max_tokens=12, stop=(stop,))
    assert handle.texts[0] == whole[: whole.index(stop)]
    assert handle.rows[0].finish == "stop"


def test_streamed_pieces_are_the_text_and_are_never_taken_back(small_crowd: Any) -> None:
    engine = fresh(small_crowd)
    beside = engine.submit(small_crowd.ask(3), small_crowd.key(3))
    for options in ({}, {"stop": (alone(small_crowd, 0, max_tokens=12).texts[0][4:7],)}):
        handle = engine.submit(small_crowd.ask(0, max_tokens=12, **options), small_crowd.key(0))
        pieces = list(engine.stream(handle))
        assert "".join(pieces) == handle.texts[0]
        assert len(pieces) > 1
    engine.run()
    assert written(beside) == written(alone(small_crowd, 3))


def test_the_end_token_ends_the_text_and_is_no_part_of_it(small_crowd: Any) -> None:
    def ends(x: Any, h: Any, t: Any, at: Any) -> Any:
        return h + 1e4 * torch.nn.functional.one_hot(torch.tensor(2), h.shape[-1])

    over = Idiolect(streams=(Stream(edits=(Edit(site="lm_head", formula=ends),)),))
    assert small_crowd.model.answer([Ask(query=SEA, idiolect=over)], [Key()]) == [("",)]


def test_streams_may_go_through_another_model(small_crowd: Any) -> None:
    other = HFModel.random("llama", seed=5)
    model = HFModel.random("lfm2")
    model.companions["small"] = other

    def second(step: Any, rows: Any) -> Any:
        return step.log_probs[:, 1]

    both = Idiolect(streams=(Stream(), Stream(model="small")), combine=Combine(formula=second))
    request = Ask(query=SEA, sampling=Sampling(max_tokens=6))
    (mixed, plain), (theirs,) = (
        model.answer([Ask(query=SEA, idiolect=both, sampling=request.sampling), request], [Key(), Key()]),
        other.answer([request], [Key()]),
    )
    assert mixed == theirs != plain


def test_a_stream_through_an_unknown_model_is_refused(small_crowd: Any) -> None:
    with pytest.raises(UnknownName, match="no model called 'smal'"):
        fresh(small_crowd).submit(Ask(query=SEA, idiolect=Idiolect(streams=(Stream(model="smal"),))), Key())


def test_several_streams_without_a_combine_are_refused(small_crowd: Any) -> None:
    with pytest.raises(BadInput, match="Combine"):
        fresh(small_crowd).submit(Ask(query=SEA, idiolect=Idiolect(streams=(Stream(), Stream()))), Key())


def test_a_query_longer_than_the_model_is_refused_before_anything_runs() -> None:
    model = HFModel.random("gpt2", positions=64)
    with pytest.raises(BadInput, match="shorter query"):
        model.answer([Ask(query=ask("tag", "word " * 40))], [Key()])


def test_a_row_at_the_models_end_disturbs_no_other() -> None:
    model = HFModel.random("gpt2", positions=128)
    long = Ask(query=ask("tag", "w" * 96), sampling=Sampling(max_tokens=12))
    short = Ask(query=SEA, sampling=Sampling(max_tokens=60))
    shorts = [short] * 5  # so that the finished row stays in the batch for a while
    together = model.answer([long, *shorts], [Key()] * 6)
    assert together == [model.answer([a], [Key()])[0] for a in (long, *shorts)]


def test_an_error_in_a_formula_leaves_no_hook_and_no_row(small_crowd: Any) -> None:
    def broken(x: Any, h: Any, t: Any, at: Any) -> Any:
        raise RuntimeError("broken")

    bad = Idiolect(streams=(Stream(edits=(Edit(site="lm_head", formula=broken),)),))
    model = small_crowd.model
    with pytest.raises(RuntimeError, match="broken"):
        model.answer([Ask(query=SEA, idiolect=bad), Ask(query=SEA)], [Key(), Key()])
    assert hooks(model.module) == 0
    assert not model.engine.active
    assert not model.engine.waiting
    assert model.answer([Ask(query=SEA)], [Key()])[0][0]
