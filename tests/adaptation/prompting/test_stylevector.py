"""StyleVector: differences of hidden states, with hidden states made up by the test."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from adaptation.people import ANN, person, run
from idiolect.adaptation.prompting.contrast.stylevector import StyleVector, add_style
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Read, Request

PATH = "model.layers.1"


def answer(request: Request) -> Any:
    """Neutral answers of six letters; a hidden state is (letters of the answer, 1)."""
    if isinstance(request, Ask):
        return ("simple",)
    assert isinstance(request, Read)
    return tuple({PATH: torch.tensor([float(len(i.answer)), 1.0])} for i in request.items)


def test_the_direction_is_the_mean_difference_of_his_answers_and_neutral_ones() -> None:
    own, _ = run(StyleVector().adapt(ANN, None), answer)
    made = StyleVector(strength=2.0).condition(ANN, ask("headline", "x"), None, own)
    (edit,) = made.streams[0].edits
    # answers of 20 and 23 letters against 6: mean (14 + 17) / 2 = 15.5, times alpha = 2; the second number cancels
    torch.testing.assert_close(edit.rows["shift"], torch.tensor([31.0, 0.0]))
    assert edit.site == PATH
    assert made.sources == {("ann", "a6"), ("ann", "a7")}


def test_the_shift_acts_at_generated_positions_alone() -> None:
    at = SimpleNamespace(answer=torch.tensor([[False, True, True]]))
    shifted = add_style(torch.zeros(1), torch.ones(1, 3, 2), {"shift": torch.tensor([[1.0, -1.0]])}, at)
    assert shifted.tolist() == [[[1, 1], [2, 0], [2, 0]]]


def test_each_post_is_read_beside_its_own_neutral_answer() -> None:
    _, asked = run(StyleVector(over="last").adapt(ANN, None), answer)
    reads = [r for r in asked if isinstance(r, Read)]
    assert [[i.answer for i in r.items] for r in reads] == [
        ["Well, rain falls! :)", "simple"],
        ["Well, the team wins! :)", "simple"],
    ]
    assert {r.reduce for r in reads} == {"last"}
    assert all(i.user == "ann" for r in reads for i in r.items)


@pytest.mark.parametrize("cut", [3, 7, 9])
def test_two_halves_give_the_direction_of_the_whole(cut: int) -> None:
    whole, _ = run(StyleVector().adapt(ANN, None), answer)
    first, _ = run(StyleVector().adapt(ANN.until(cut), None), answer)
    second, _ = run(StyleVector().adapt(ANN, None, first), answer)
    assert torch.equal(second.total, whole.total)
    assert second.sources == whole.sources


def test_nobody_has_no_direction() -> None:
    own, asked = run(StyleVector().adapt(person("new"), None), answer)
    assert own is None
    assert asked == []
    assert StyleVector().condition(person("new"), ask("headline", "x"), None, None).streams[0].edits == ()
