"""Who is learnt from when: learners alone, or, for methods that know people through `learn`, those asked as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from adaptation.people import ANN, interaction, person
from evaluation.parrot import Parrot
from idiolect.adaptation.adapters.shared.user_identifier import UserIdentifier
from idiolect.core.method import Card, Learnt
from idiolect.core.requests import Recipe
from idiolect.core.types import UserData
from idiolect.evaluation.asking.respond import Ready, adapt, learn
from idiolect.evaluation.costs import Metered
from idiolect.models.hf import HFModel
from idiolect.training.shared import FullRank

BOB = person("bob", interaction("b0", "a film about ships", "dull"), interaction("b1", "a film about love", "dull"))
EVE = person("eve", interaction("e0", "a film about ships", "sweet"))


@dataclass(frozen=True)
class Noting:
    """theta is the list of whom `learn` saw; own says by which verb it was made."""

    card: ClassVar[Card] = Card(paper="", site="tokens", phi="")

    def learn(self, users: Any, theta: Any = None) -> Learnt[Any, Any]:
        return Learnt(theta=[(u.user_id, len(u.records)) for u in users], owns={u.user_id: "learnt" for u in users})

    def adapt(self, user: UserData, theta: Any, own: Any = None) -> str:
        return "adapted"


class Meeting(Noting):
    card: ClassVar[Card] = Card(paper="", site="tokens", phi="", through="learn")


def met(method: Any, people: Mapping[str, UserData]) -> Ready:
    model = Metered(Parrot())
    return adapt(learn(method, "m", 0, (BOB,), model), people, model)


def test_a_method_that_adapts_learns_from_learners_alone() -> None:
    ready = met(Noting(), {"eve": EVE})
    assert ready.theta == [("bob", 2)]
    assert ready.owns == {"eve": "adapted"}


def test_a_method_that_knows_through_learning_learns_from_the_asked_users_too() -> None:
    ready = met(Meeting(), {"eve": EVE})
    assert ready.theta == [("bob", 2), ("eve", 1)]
    assert ready.owns == {"eve": "learnt"}


def test_who_learns_and_is_asked_is_learnt_from_once_as_he_is_given_when_asked() -> None:
    short = person("bob", BOB.records[0])
    assert met(Meeting(), {"bob": short}).theta == [("bob", 1)]


def test_another_length_of_history_is_learnt_anew() -> None:
    model = Metered(Parrot())
    first = adapt(learn(Meeting(), "m", 0, (BOB,), model), {"ann": ANN}, model)
    again = adapt(first, {"ann": ANN.until(1)}, model)
    assert (first.theta[1], again.theta[1]) == (("ann", len(ANN.records)), ("ann", 1))


@pytest.mark.slow
def test_user_identifier_answers_a_user_whose_name_it_has_learnt(llama: HFModel) -> None:
    method = UserIdentifier(model=FullRank(sites="q"), recipe=Recipe(lr=1e-2, steps=2, batch=4), tasks=("tag",))
    model = Metered(llama)
    ready = adapt(learn(method, "user_identifier", 0, (BOB,), model), {"ann": ANN}, model)
    assert set(ready.owns["ann"].sources) == {("ann", "a3"), ("ann", "a4"), ("ann", "a5")}
