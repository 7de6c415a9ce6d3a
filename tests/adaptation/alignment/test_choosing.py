"""Two replies side by side: how a query is read, and which letter is answered."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from adaptation.people import ANN, run
from idiolect.adaptation.alignment.choosing import answered, offered
from idiolect.adaptation.alignment.decoding.vas import VAS, Values
from idiolect.adaptation.alignment.preferences import BUCKETS, SHAPE
from idiolect.core.idiolect import Edit, Idiolect, Stream
from idiolect.core.layout import ask
from idiolect.core.requests import Ask, Score, Scored
from idiolect.core.types import Query
from idiolect.training.parts import value

CHOICE = ask("choose", "How are you? A: I am very well. B: Fine.")
HIS = Idiolect(streams=(Stream(edits=(Edit(site="q", formula=value),)),))


def scores(*totals: float) -> Any:
    return lambda request: tuple(Scored(log_probs=torch.tensor([t])) for t in totals)


def test_a_choice_is_read_as_a_question_and_its_two_replies() -> None:
    found = offered(CHOICE)
    assert found is not None
    question, a, b = found
    assert (question.task, question.text, a, b) == ("reply", "How are you?", "I am very well.", "Fine.")


@pytest.mark.parametrize("query", [ask("reply", "Well? A: yes B: no"), ask("choose", "Tea or coffee?")])
def test_any_other_query_offers_nothing(query: Query) -> None:
    assert offered(query) is None
    text, (asked,) = run(answered(query, HIS, "ann"), lambda request: ("so",))
    assert isinstance(asked, Ask)
    assert text == "so"


@pytest.mark.parametrize(("totals", "letter"), [((-5.0, -6.0, -2.0, -1.0), "A"), ((-5.0, -4.0, -9.0, -9.0), "B")])
def test_the_reply_wins_that_the_policy_makes_likelier_than_the_model_does(
    totals: tuple[float, ...], letter: str
) -> None:
    text, (asked,) = run(answered(CHOICE, HIS, "ann"), scores(*totals))  # A, A alone, B, B alone
    assert isinstance(asked, Score)
    assert [bool(i.idiolect.streams[0].edits) for i in asked.items] == [True, False, True, False]
    assert text == letter


def test_who_has_no_policy_gets_the_models_own_answer() -> None:
    text, (asked,) = run(answered(CHOICE, Idiolect(), "ann"), lambda request: ("B",))
    assert isinstance(asked, Ask)
    assert text == "B"


def test_of_whole_replies_vas_takes_the_one_of_larger_reward() -> None:
    theta = Values(axes=torch.eye(SHAPE + BUCKETS)[:1], heads=())
    own = VAS().adapt(ANN, theta)  # he chose the shorter of two replies
    assert run(VAS().respond(ANN, CHOICE, theta, own))[0] == "B"
    turned = ask("choose", "How are you? A: Fine. B: I am very well.")
    assert run(VAS().respond(ANN, turned, theta, own))[0] == "A"
