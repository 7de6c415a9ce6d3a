"""A padded batch gives what each row gives alone, and what the plain model gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from idiolect.core.errors import BadInput
from idiolect.core.idiolect import Block, Computed, Edit, Past, Stream
from idiolect.forward.attach import At, Placed
from idiolect.forward.feed import before, past_of, prefix_of, resolved, room
from idiolect.forward.memory import Memory
from idiolect.forward.rows import Outputs, Row, forward
from idiolect.models.hf import HFModel

FAMILIES = ("llama", "qwen", "lfm2", "gpt2")
EXACT = {"rtol": 0.0, "atol": 1e-5}


@pytest.fixture(scope="module", params=FAMILIES)
def model(request: pytest.FixtureRequest) -> HFModel:
    return HFModel.random(request.param, layers=4)


def ids(seed: int, count: int) -> list[int]:
    generator = torch.Generator().manual_seed(seed)
    return [1, *torch.randint(6, 262, (count - 1,), generator=generator).tolist()]


def row(seed: int, prompt: int, answer: int, **stream: Any) -> Row:
    return Row(prompt=ids(seed, prompt), answer=ids(seed + 100, answer), stream=Stream(**stream))


def logits(out: Outputs, index: int) -> Tensor:
    return out.logits[out.row == index]


def shift(x: Tensor, h: Tensor, t: Mapping[str, Tensor], at: At) -> Tensor:
    return h + t["v"][:, None] * at.answer[..., None]


def repeated(t: Mapping[str, Tensor], at: At) -> Tensor:
    return t["v"][:, None].expand(-1, 2, -1)


@torch.no_grad()
def plain(model: HFModel, row: Row, embeds: Tensor | None = None) -> Tensor:
    """(T, V) of the answer by the untouched model, without padding, cache or hooks."""
    source = (
        {"input_ids": torch.tensor([row.prompt + row.answer[:-1]])} if embeds is None else {"inputs_embeds": embeds}
    )
    out: Tensor = model.module(**source).logits[0]
    return out[-len(row.answer) :]


@torch.no_grad()
def run(model: HFModel, rows: list[Row], **options: Any) -> Outputs:
    return forward(model, rows, **options)


def test_padding_changes_nothing(model: HFModel) -> None:
    rows = [row(i, prompt, answer) for i, (prompt, answer) in enumerate([(5, 3), (17, 1), (2, 9), (9, 4)])]
    out = run(model, rows)
    for i, r in enumerate(rows):
        torch.testing.assert_close(logits(out, i), plain(model, r), **EXACT)
    assert out.target.tolist() == [t for r in rows for t in r.answer]


def test_a_prefix_stands_after_the_first_token_and_counts_as_positions(model: HFModel) -> None:
    prefix = torch.randn(3, model.width)
    rows = [row(0, 5, 3, prefix=prefix), row(1, 11, 2), row(2, 4, 2, prefix=prefix[:1])]
    out = run(model, rows)
    words = model.module.get_input_embeddings()(torch.tensor([rows[0].prompt + rows[0].answer[:-1]]))
    whole = torch.cat([words[:, :1], prefix[None], words[:, 1:]], 1)
    torch.testing.assert_close(logits(out, 0), plain(model, rows[0], whole), **EXACT)
    torch.testing.assert_close(logits(out, 1), plain(model, rows[1]), **EXACT)


def test_a_computed_prefix_is_the_same_as_its_value(model: HFModel) -> None:
    vectors = torch.randn(2, model.width)
    computed = [Stream(prefix=Computed(formula=repeated, rows={"v": v})) for v in vectors]
    found = prefix_of(model, [computed[0], Stream(), computed[1]])
    assert found[1] is None
    torch.testing.assert_close(found[2], vectors[1].expand(2, -1))


@pytest.mark.parametrize("cut", [1, 2, 6])
def test_a_texts_own_keys_and_values_as_past_give_what_the_text_gives(model: HFModel, cut: int) -> None:
    whole = [row(0, 9, 4), row(1, 21, 2), row(2, 8, 3)]
    heads = [Row(prompt=r.prompt[:cut], answer=[5]) for r in whole]
    memory = run(model, heads, remember=True).memory
    assert memory is not None
    pasts = [memory.past(0), None, memory.past(2)]  # a row without a past among them
    tails = [
        Row(prompt=r.prompt[cut:] if p else r.prompt, answer=r.answer, stream=Stream(past=p))
        for r, p in zip(whole, pasts, strict=True)
    ]
    out = run(model, tails)
    for i, r in enumerate(whole):
        torch.testing.assert_close(logits(out, i), plain(model, r), **EXACT)


def test_a_past_of_one_length_goes_before_prompts_of_another(model: HFModel) -> None:
    texts = [row(i, 3 * i + 7, 2) for i in range(4)]
    cuts = [1, 3, 6, 2]
    pasts = []
    for r, cut in zip(texts, cuts, strict=True):
        memory = run(model, [Row(prompt=r.prompt[:cut], answer=[5])], remember=True).memory
        assert memory is not None
        pasts.append(memory.past(0))
    tails = [
        Row(prompt=r.prompt[cut:], answer=r.answer, stream=Stream(past=p))
        for r, cut, p in zip(texts, cuts, pasts, strict=True)
    ]
    out = run(model, tails)
    for i, r in enumerate(texts):
        torch.testing.assert_close(logits(out, i), plain(model, r), **EXACT)


@pytest.mark.parametrize("past", [False, True])
def test_a_convolution_with_a_bias_sees_no_padding_either(past: bool) -> None:
    model = HFModel.random("lfm2")
    config = model.module.config
    config.conv_bias = True
    torch.manual_seed(0)
    biased = replace(model, module=type(model.module)(config).eval())
    for name, parameter in biased.module.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter)
    whole, other = row(0, 9, 2), row(1, 15, 2)
    short = whole
    if past:
        memory = run(biased, [Row(prompt=whole.prompt[:4], answer=[5])], remember=True).memory
        assert memory is not None
        short = Row(prompt=whole.prompt[4:], answer=whole.answer, stream=Stream(past=memory.past(0)))
    torch.testing.assert_close(logits(run(biased, [short, other]), 0), plain(biased, whole), **EXACT)


def test_reading_on_after_a_past_leaves_the_past_as_it_was(model: HFModel) -> None:
    memory = run(model, [row(0, 6, 1)], remember=True).memory
    assert memory is not None
    past = memory.past(0)
    kept = {k: v.clone() for k, v in {**past.keys, **{f"s{k}": v for k, v in past.states.items()}}.items()}
    run(model, [row(1, 4, 3, past=past), row(2, 9, 2)])
    now = {**past.keys, **{f"s{k}": v for k, v in past.states.items()}}
    assert all(torch.equal(kept[k], now[k]) for k in kept)


def test_a_computed_past_is_read_like_a_given_one(model: HFModel) -> None:
    memory = run(model, [row(0, 6, 1)], remember=True).memory
    assert memory is not None
    given = memory.past(0)

    def formula(t: Mapping[str, Tensor], at: At) -> dict[str, tuple[Tensor, Tensor]]:
        return {k: (t[f"k{k}"], t[f"v{k}"]) for k in given.keys}

    rows = {f"k{k}": v for k, v in given.keys.items()} | {f"v{k}": v for k, v in given.values.items()}
    computed = Past(computed=Computed(formula=formula, rows=rows), states=given.states)
    (found,) = past_of(model, [Stream(past=computed)])
    assert found is not None
    assert found.length == 6
    both = run(model, [row(1, 4, 3, past=given), row(1, 4, 3, past=computed)])
    torch.testing.assert_close(logits(both, 0), logits(both, 1), rtol=0, atol=0)


def test_an_edit_knows_which_positions_predict_the_answer(model: HFModel) -> None:
    head = Edit(site="lm_head", formula=shift, rows={"v": torch.full((262,), 2.0)})
    rows = [row(0, 5, 3, edits=(head,)), row(1, 9, 2)]
    out = run(model, rows)
    torch.testing.assert_close(logits(out, 0), plain(model, rows[0]) + 2.0, **EXACT)
    torch.testing.assert_close(logits(out, 1), plain(model, rows[1]), **EXACT)


def test_an_extra_edit_comes_after_the_streams_own_and_has_gradients(model: HFModel) -> None:
    v = torch.zeros(2, model.width, requires_grad=True)
    site = "transformer.h.1" if "gpt2" in model.name else "model.layers.1"
    extra = Placed(site=site, formula=shift, rows={"v": v})
    out = forward(model, [row(0, 5, 3), row(1, 7, 1)], placed_extra=[extra], training=True)
    out.total(out.log_probs)[0].backward()
    assert v.grad is not None
    assert v.grad[0].abs().sum() > 0
    assert v.grad[1].abs().sum() == 0  # one user's loss moves nothing of another's


def test_gradients_reach_a_prefix_and_a_past(model: HFModel) -> None:
    prefix = torch.zeros(2, 3, model.width, requires_grad=True)
    memory = run(model, [row(0, 6, 1)], remember=True).memory
    assert memory is not None
    past = memory.past(0)
    first = next(iter(past.keys))
    keys = {**past.keys, first: past.keys[first].clone().requires_grad_(True)}
    trained = Past(keys=keys, values=past.values, states=past.states, length=past.length)
    out = forward(model, [row(0, 5, 3, past=trained), row(1, 7, 1)], prefix_extra=prefix, training=True)
    out.log_probs.sum().backward()
    assert prefix.grad is not None
    assert (prefix.grad.abs().sum((1, 2)) > 0).all()
    assert keys[first].grad is not None
    assert keys[first].grad.abs().sum() > 0


def test_sums_and_means_run_over_each_rows_own_tokens(model: HFModel) -> None:
    out = run(model, [row(0, 5, 3), row(1, 7, 1)])
    ones = torch.ones(4)
    assert out.total(ones).tolist() == [3.0, 1.0]
    assert out.mean(ones).tolist() == [1.0, 1.0]


def test_hidden_states_are_those_of_the_plain_model(model: HFModel) -> None:
    site = "transformer.h.2" if "gpt2" in model.name else "model.layers.2"
    rows = [row(0, 5, 3), row(1, 12, 2)]
    out = run(model, rows, sites=[site])
    with torch.no_grad():
        plain_states = model.module(
            input_ids=torch.tensor([rows[0].prompt + rows[0].answer[:-1]]), output_hidden_states=True
        ).hidden_states[3]
    torch.testing.assert_close(out.hidden[site][0][out.at.valid[0]], plain_states[0], **EXACT)


def test_rows_taken_out_and_put_together_keep_their_memory(model: HFModel) -> None:
    first, second = (
        run(model, [row(i, n, 1) for i, n in enumerate(sizes)], remember=True).memory for sizes in ((4, 9), (6,))
    )
    assert first is not None
    assert second is not None
    both = first.pick([1]).beside(second).beside(first.pick([0]))
    assert isinstance(both, Memory)
    assert both.position.tolist() == [9, 6, 4]
    for index, (memory, old) in enumerate([(first, 1), (second, 0), (first, 0)]):
        ours, theirs = both.past(index), memory.past(old)
        assert all(torch.equal(ours.keys[k], theirs.keys[k]) for k in theirs.keys)
        assert all(torch.equal(ours.states[k], theirs.states[k]) for k in theirs.states)


def test_room_counts_what_stands_before_the_prompt(model: HFModel) -> None:
    stream = resolved(model, Stream(prefix=torch.zeros(5, model.width)))
    assert before(stream) == 5
    assert room(model, stream, 43) == 2000
    with pytest.raises(BadInput, match="2048"):
        room(model, stream, 2043)


def test_passages_are_refused_and_not_forgotten(model: HFModel) -> None:
    with pytest.raises(BadInput, match=r"Stream\.context"):
        resolved(model, Stream(passages=(Block("a", ("b",)),)))
