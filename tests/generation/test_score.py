"""Scores are what decoding would have seen; reading gives the model's own states."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from idiolect.core.idiolect import Combine, Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Item, Key, Read, Sampling, Score
from idiolect.forward.prompt import answer_ids, prompt_ids
from idiolect.forward.rows import Row
from idiolect.generation import score
from idiolect.generation.engine import Engine
from idiolect.generation.forced import forced
from idiolect.generation.score import TOKENS, batches
from idiolect.training.parts import value

SEA = ask("tag", "a film about ships")
END = 2


def greedy(crowd: Any, i: int) -> tuple[list[int], torch.Tensor]:
    """Tokens and the log-probability of each, as written by the engine."""
    engine = Engine(crowd.model.models)
    handle = engine.submit(crowd.ask(i, max_tokens=6), crowd.key(i), scores=True)
    engine.run()
    row = handle.rows[0]
    scores = torch.stack(row.scores)[: len(row.tokens)]
    return row.tokens, scores.gather(1, torch.tensor(row.tokens)[:, None])[:, 0]


def test_score_equals_what_greedy_decoding_saw_under_any_idiolect(crowd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [(i, *greedy(crowd, i)) for i in range(24)]
    # bytes drawn at random are seldom text, so the very tokens are given in the place of an answer's text
    given = {str(i): [*tokens, END] for i, tokens, _ in asked}
    monkeypatch.setattr(score, "answer_ids", lambda tokenizer, text: given[text])
    items = tuple(Item(query=crowd.ask(i).query, answer=str(i), idiolect=crowd.idiolect(i)) for i, _, _ in asked)
    (scored,) = crowd.model.answer([Score(items=items)], [Key()])
    for (_, tokens, seen), ours in zip(asked, scored, strict=True):
        torch.testing.assert_close(ours.log_probs[: len(tokens)], seen, rtol=0, atol=1e-5)


def test_items_scored_together_are_as_alone(crowd: Any) -> None:
    items = [
        Item(query=crowd.ask(i).query, answer="salty" * (i % 3 + 1), idiolect=crowd.idiolect(i)) for i in range(16)
    ]
    (together,) = crowd.model.answer([Score(items=tuple(items))], [Key()])
    for item, scored in zip(items, together, strict=True):
        ((alone,),) = crowd.model.answer([Score(items=(item,))], [Key()])
        torch.testing.assert_close(scored.log_probs, alone.log_probs, rtol=0, atol=1e-5)


def test_a_score_is_the_plain_models_log_softmax(small_crowd: Any) -> None:
    model = small_crowd.model
    ((scored,),) = model.answer([Score(items=(Item(query=SEA, answer="salty"),))], [Key()])
    prompt, answer = prompt_ids(model.tokenizer, SEA, Stream()), answer_ids(model.tokenizer, "salty")
    with torch.no_grad():
        logs = model.module(torch.tensor([prompt + answer])).logits[0].log_softmax(-1)
    expected = logs[len(prompt) - 1 : -1].gather(1, torch.tensor(answer)[:, None])[:, 0]
    torch.testing.assert_close(scored.log_probs, expected, rtol=0, atol=1e-5)
    assert scored.total == pytest.approx(float(expected.sum()), abs=1e-4)


def test_a_preference_pair_scores_both_answers(small_crowd: Any) -> None:
    pair, swapped = Item(query=SEA, answer="a", rejected="bcd"), Item(query=SEA, answer="bcd", rejected="a")
    ((one, other),) = small_crowd.model.answer([Score(items=(pair, swapped))], [Key()])
    torch.testing.assert_close(one.rejected, other.log_probs, rtol=0, atol=1e-5)
    torch.testing.assert_close(one.log_probs, other.rejected, rtol=0, atol=1e-5)


def test_each_request_gets_the_scores_of_its_own_items(small_crowd: Any) -> None:
    items = [Item(query=SEA, answer="x" * n) for n in (1, 2, 3)]
    first, second = small_crowd.model.answer(
        [Score(items=(items[0],)), Score(items=(items[1], items[2]))], [Key(), Key()]
    )
    assert [len(s.log_probs) for s in (*first, *second)] == [3, 4, 5]  # the space and the end token stand beside them


def test_an_answer_of_nothing_is_its_end_token_and_shifts_no_other(small_crowd: Any) -> None:
    items = (Item(query=SEA), Item(query=SEA, answer="salty"))
    ((nothing, salty),) = small_crowd.model.answer([Score(items=items)], [Key()])
    ((alone,),) = small_crowd.model.answer([Score(items=items[1:])], [Key()])
    assert len(nothing.log_probs) == 2  # the space and the end token
    assert nothing.rejected is None
    torch.testing.assert_close(salty.log_probs, alone.log_probs, rtol=0, atol=1e-5)


def spread(step: Any, rows: Any) -> Any:
    """The values of the best tokens added to their log-probabilities."""
    return step.log_probs[:, 0].scatter_add(1, step.ids, step.values).log_softmax(-1)


def test_a_combine_that_looks_ahead_scores_what_it_writes(small_crowd: Any) -> None:
    model = small_crowd.model
    rows = {"weight": torch.ones(model.width), "bias": torch.tensor(0.0)}
    streams = (Stream(), Stream(edits=(Edit(site="lm_head", formula=value, rows=rows),)))
    combine = Combine(formula=spread, lookahead=3)
    ahead = Idiolect(streams=streams, combine=combine)
    engine = Engine(model.models)
    handle = engine.submit(Ask(query=SEA, idiolect=ahead, sampling=Sampling(max_tokens=4)), Key(), scores=True)
    engine.run()
    tokens = handle.rows[0].tokens
    written = torch.stack(handle.rows[0].scores)[: len(tokens)].gather(1, torch.tensor(tokens)[:, None])[:, 0]
    given = [Row(prompt=prompt_ids(model.tokenizer, SEA, s), answer=tokens, stream=s) for s in streams]
    torch.testing.assert_close(forced(model.models, ["base", "base"], given, combine), written, rtol=0, atol=1e-5)
    ((scored, plain),) = model.answer(
        [Score(items=tuple(Item(query=SEA, answer="salty", idiolect=i) for i in (ahead, Idiolect())))], [Key()]
    )
    assert scored.total != plain.total


def test_batches_hold_every_item_once_within_their_limit() -> None:
    sizes = [10, 5000, 9000, 700, 20000, 3]
    parts = list(batches(sizes, [1] * len(sizes)))
    assert sorted(i for part in parts for i in part) == list(range(6))
    assert all(len(p) == 1 or len(p) * max(sizes[i] for i in p) <= TOKENS for p in parts)


def read(crowd: Any, **options: Any) -> Any:
    item = Item(query=SEA, answer="salty")
    ((found,),) = crowd.model.answer([Read(items=(item,), sites=("blocks.-1",), **options)], [Key()])
    return found


@pytest.mark.parametrize("over", ["answer", "prompt", "all"])
def test_what_is_read_are_the_plain_models_states(small_crowd: Any, over: str) -> None:
    model = small_crowd.model
    prompt = prompt_ids(model.tokenizer, SEA, Stream())
    answer = answer_ids(model.tokenizer, "salty")[:-1]
    seen: list[torch.Tensor] = []
    hook = model.module.model.layers[-1].register_forward_hook(lambda _, __, h: seen.append(h[0]))
    with torch.no_grad():
        model.module(torch.tensor([prompt + answer]))
    hook.remove()
    spans = {"answer": slice(len(prompt), None), "prompt": slice(len(prompt)), "all": slice(None)}
    expected = seen[0][spans[over]]
    none, mean, last = (read(small_crowd, over=over, reduce=r)["model.layers.1"] for r in ("none", "mean", "last"))
    torch.testing.assert_close(none, expected, rtol=0, atol=1e-5)
    torch.testing.assert_close(mean, expected.mean(0), rtol=0, atol=1e-5)
    torch.testing.assert_close(last, expected[-1], rtol=0, atol=1e-5)


def test_what_many_ask_to_read_at_once_is_what_each_reads_alone(small_crowd: Any) -> None:
    items = [Item(query=SEA, answer=text) for text in ("salty", "wet", "a long and salty tale")]
    asked = [
        Read(items=tuple(items[:2]), sites=("blocks.-1",)),
        Read(items=(items[2],), sites=("blocks.-1",), over="prompt", reduce="last"),
        Read(items=(items[0],), sites=("blocks.0",), past=True),
    ]
    model, keys = small_crowd.model, [Key(user=str(i)) for i in range(len(asked))]
    for together, request in zip(model.answer(asked, keys), asked, strict=True):
        (alone,) = model.answer([request], keys[:1])
        assert len(together) == len(request.items)
        for a, b in zip(together, alone, strict=True):
            assert a.keys() == b.keys()
            for site in a.keys() - {"past"}:
                torch.testing.assert_close(a[site], b[site], rtol=0, atol=1e-5)


def test_a_read_past_put_before_a_query_gives_what_the_whole_text_gives(crowd: Any) -> None:
    model = crowd.model
    items = (Item(query=ask("tag", "a tale of the sea"), answer="salty"),)
    ((found,),) = model.answer([Read(items=items, past=True, over="prompt")], [Key()])
    past = found["past"]
    before = prompt_ids(model.tokenizer, items[0].query, Stream()) + answer_ids(model.tokenizer, "salty")[:-1]
    assert past.length == len(before)
    asked = Ask(query=SEA, idiolect=Idiolect(streams=(Stream(past=past),)), sampling=Sampling(max_tokens=8))
    engine = Engine(model.models)
    handle = engine.submit(asked, Key(), scores=True)
    engine.run()
    ids = [*before, *prompt_ids(model.tokenizer, SEA, Stream())]
    for token, scores in zip(handle.rows[0].tokens, handle.rows[0].scores, strict=True):
        with torch.no_grad():
            expected = model.module(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
        torch.testing.assert_close(scores, expected, rtol=0, atol=1e-5)
        ids.append(token)


def test_texts_read_together_are_as_alone(crowd: Any) -> None:
    items = tuple(Item(query=crowd.ask(i).query, answer="x" * i, idiolect=crowd.idiolect(i)) for i in (1, 3, 4, 9))
    (together,) = crowd.model.answer([Read(items=items, sites=("blocks.0.5",))], [Key()])
    for item, found in zip(items, together, strict=True):
        ((alone,),) = crowd.model.answer([Read(items=(item,), sites=("blocks.0.5",))], [Key()])
        torch.testing.assert_close(*(next(iter(x.values())) for x in (found, alone)), rtol=0, atol=1e-5)
