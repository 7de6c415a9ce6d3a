"""What is put to the model before the answer is counted, whatever the request; what it was shown is noted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from idiolect.adaptation.alignment.choosing import answered
from idiolect.core.idiolect import Block, Computed, Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.method import Access
from idiolect.core.requests import Ask, Fit, Item, Key, Read, Request, Score
from idiolect.evaluation.costs import Metered
from idiolect.forward.prompt import answer_ids, prompt_ids
from idiolect.generation.drive import run
from idiolect.models.hf import HFModel
from idiolect.training.parts import shift

QUERY = ask("reply", "How are you?")
SHOWN = Idiolect(streams=(Stream(context=(Block("History", ("tea",)),)), Stream()), sources=frozenset({("ann", "1")}))


class Reader:
    """A model that says nothing, with the tokenizer of another, or with none."""

    name, digest, access = "reader", "1", Access.WEIGHTS

    def __init__(self, model: HFModel | None) -> None:
        if model:
            self.tokenizer = model.tokenizer

    def answer(self, requests: Sequence[Request], keys: Sequence[Key]) -> list[Any]:
        return [()] * len(requests)


def counted(model: HFModel | None, request: Request) -> int:
    metered = Metered(Reader(model))
    metered.answer([request], [Key()])
    return metered.take(Key()).prompt_tokens


def prompts(model: HFModel, idiolect: Idiolect = Idiolect()) -> int:  # noqa: B008
    return sum(len(prompt_ids(model.tokenizer, QUERY, s)) for s in idiolect.streams)


def said(model: HFModel, *texts: str) -> int:
    return sum(len(answer_ids(model.tokenizer, t)) for t in texts)


def test_an_answer_that_is_scored_is_read_once_a_stream_with_its_prompt(llama: HFModel) -> None:
    item = Item(query=QUERY, answer="Fine.", idiolect=SHOWN)
    assert counted(llama, Ask(query=QUERY, idiolect=SHOWN)) == prompts(llama, SHOWN)
    assert counted(llama, Score(items=(item,))) == prompts(llama, SHOWN) + 2 * said(llama, "Fine.")


def test_of_a_pair_both_answers_are_read_each_with_the_prompt(llama: HFModel) -> None:
    item = Item(query=QUERY, answer="Fine.", rejected="No.")
    assert counted(llama, Score(items=(item, item))) == 2 * (2 * prompts(llama) + said(llama, "Fine.", "No."))


@pytest.mark.parametrize(("over", "answer"), [("prompt", ""), ("all", "Fine."), ("answer", "Fine.")])
def test_a_text_that_is_read_for_its_states_counts_as_far_as_it_is_read(llama: HFModel, over: Any, answer: str) -> None:
    request = Read(items=(Item(query=QUERY, answer=answer),), sites=("blocks.-1",), over=over)
    assert counted(llama, request) == prompts(llama) + said(llama, answer)


def test_a_prefix_counts_by_its_length_however_much_it_was_computed_from(llama: HFModel) -> None:
    def positions(tensors: Any, at: Any) -> torch.Tensor:
        found: torch.Tensor = tensors["history"].mean(-2, keepdim=True).expand(-1, 3, -1)
        return found

    prefix = Computed(formula=positions, rows={"history": torch.zeros(40, llama.width)})
    metered = Metered(llama)
    request = Score(items=(Item(query=QUERY, answer="Fine.", idiolect=Idiolect(streams=(Stream(prefix=prefix),))),))
    metered.answer([request], [Key()])
    assert metered.take(Key()).prompt_tokens == prompts(llama) + 3 + said(llama, "Fine.")


def test_without_a_tokenizer_words_are_counted() -> None:
    words = counted(None, Ask(query=QUERY))
    assert words > 0
    assert counted(None, Score(items=(Item(query=QUERY, answer="Very well indeed."),))) == words + 3


def test_training_is_no_prompt(llama: HFModel) -> None:
    assert counted(llama, Fit(train=(), items=(Item(query=QUERY, answer="Fine."),))) == 0


def test_choosing_between_two_replies_costs_what_it_reads_and_shows_its_sources(llama: HFModel) -> None:
    model = Metered(llama)
    query = ask("choose", "How are you? A: Fine. B: I am well.")
    push = Edit(site="model.layers.0", formula=shift, rows={"shift": torch.zeros(llama.width)})
    made = Idiolect(streams=(Stream(edits=(push,)),), sources=frozenset({("ann", "1")}))
    assert run(answered(query, made, "ann"), {"base": model}, Key()) == "A"
    note = model.take(Key())
    assert note.prompt_tokens == 2 * (2 * prompts(llama) + said(llama, "Fine.", "I am well."))
    assert note.sources == {("ann", "1")}
