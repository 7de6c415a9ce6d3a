"""``a | b``: what b asks for runs under what a left, and no example knows its own answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from adaptation.people import ANN, interaction, person, run
from idiolect.composition import Composed, named
from idiolect.core.errors import AccessError, BadInput, CompositionError
from idiolect.core.idiolect import Edit
from idiolect.core.layout import HISTORY, ask
from idiolect.core.method import Access, Method, flow
from idiolect.core.requests import Ask, Fit, Fitted, Read, Request, Trained
from idiolect.core.types import Query, UserData
from idiolect.personalize import compose
from idiolect.training.parts import low_rank

BOB = person(
    "bob", interaction("b0", "a film about ships", "dull"), interaction("b1", "a film about love", "dull", day=2)
)


def answer(request: Request) -> Any:
    match request:
        case Ask():
            return ("neutral",)
        case Read():
            return tuple({"model.layers.1": torch.tensor([float(len(i.answer))])} for i in request.items)
        case Fit():
            edit = Edit(site="q", formula=low_rank, rows={"seen": torch.tensor(len(request.items))})
            owners = {""} if request.rows == "all" else {i.user for i in request.items}
            return Fitted(users={o: Trained(edits=(edit,)) for o in owners})
    raise AssertionError(request)


def shown(item: Any) -> tuple[str, ...]:
    return tuple(line for b in item.idiolect.streams[0].context for line in b.lines)


def test_each_example_is_learnt_under_the_records_before_it() -> None:
    _, (fit,) = run(compose("ipa | oppu").adapt(ANN, (None, None)), answer)
    assert isinstance(fit, Fit)
    tags = [i for i in fit.items if i.query.task == "tag"]
    assert "- a film about ships => salty" not in shown(tags[0])
    assert shown(tags[1]) == ("- a film about ships => salty",)
    assert shown(tags[2]) == ("- a film about ships => salty", "- a film about ships and war => salty")


def test_the_profile_of_an_example_is_counted_without_it() -> None:
    _, (fit,) = run(compose("pag | oppu").adapt(ANN, (None, None)), answer)
    assert isinstance(fit, Fit)
    love = next(i for i in fit.items if i.answer == "sweet")
    assert "- usual tag: salty" in shown(love)
    assert not any("sweet" in line for line in shown(love))


def test_while_learning_from_all_each_example_is_under_its_own_users_records() -> None:
    _, (fit,) = run(compose("ipa | oppu").learn([ANN, BOB]), answer)
    assert isinstance(fit, Fit)
    assert [shown(i) for i in fit.items if i.user == "bob"] == [(), ("- a film about ships => dull",)]


def test_apart_the_right_method_learns_over_the_base_alone() -> None:
    _, (fit,) = run(compose("ipa | oppu", apart=True).adapt(ANN, (None, None)), answer)
    assert isinstance(fit, Fit)
    assert all(shown(i) == () for i in fit.items)


@pytest.mark.parametrize("apart", [True, False])
def test_together_or_apart_a_query_is_answered_under_both(apart: bool) -> None:
    both = compose("ipa | oppu", apart=apart)
    theta = run(both.learn([BOB]), answer)[0].theta
    own, _ = run(both.adapt(ANN, theta), answer)
    made, _ = run(both.condition(ANN, ask("tag", "love"), theta, own))
    (stream,) = made.streams
    assert stream.context[0].heading == HISTORY
    assert len(stream.edits) == 2
    assert ("ann", "a5") in made.sources


def test_neutral_answers_and_readings_are_asked_under_the_left_methods_context() -> None:
    _, asked = run(compose("ipa | stylevector").adapt(ANN, (None, None)), answer)
    second = [r for r in asked if isinstance(r, Ask)][1]
    assert second.idiolect.streams[0].context[0].lines == ("- rain falls on the town => Well, rain falls! :)",)
    reads = [r for r in asked if isinstance(r, Read)]
    assert [shown(i) for i in reads[1].items] == [second.idiolect.streams[0].context[0].lines] * 2


def test_context_from_the_left_reaches_both_streams_of_a_contrast() -> None:
    both = compose("ipa | cos", {"ipa": {"k": 1}})
    made, _ = run(both.condition(ANN, ask("tag", "love"), None, None))
    assert [s.context[0].heading for s in made.streams] == [HISTORY, HISTORY]
    assert made.sources == {("ann", "a5"), ("ann", "a0"), ("ann", "a1")}


def test_three_methods_nest_to_the_left() -> None:
    three = compose("pag | oppu | cos")
    assert isinstance(three, Composed)
    assert named(three) == "pag | oppu | cos"
    assert named(three.left) == "pag | oppu"


def test_the_card_of_a_composition_asks_for_the_higher_access() -> None:
    assert compose("ipa | cos").card.roles == {"base": Access.LOGITS}
    assert compose("ipa | oppu").card.resume == "approximate"


def test_two_contrasts_refuse_each_other() -> None:
    with pytest.raises(CompositionError, match="several streams"):
        run(compose("cos | cos").condition(ANN, ask("tag", "love"), None, None))


@pytest.mark.parametrize("spec", ["", "ipa |", "| oppu", "ipa || oppu"])
def test_an_empty_place_between_bars_is_refused(spec: str) -> None:
    with pytest.raises(BadInput, match="missing"):
        compose(spec)


@dataclass(frozen=True, kw_only=True)
class Twice(Method[None, None]):
    """Asks twice and joins the answers; gives up politely where it may not ask."""

    card = compose("ipa").card

    def respond(self, user: UserData, query: Query, theta: None, own: None) -> Any:
        try:
            first = yield Ask(query=query)
            second = yield Ask(query=query)
        except AccessError:
            return "may not ask"
        return f"{first[0]} {second[0]}"


def test_a_method_with_its_own_way_to_respond_asks_under_the_left_one() -> None:
    text, asked = run(Composed(left=compose("ipa"), right=Twice()).respond(ANN, ask("tag", "love"), None, None), answer)
    assert text == "neutral neutral"
    assert all(len(a.idiolect.streams[0].context) == 1 for a in asked if isinstance(a, Ask))


def test_a_method_with_its_own_way_to_respond_must_stand_last() -> None:
    with pytest.raises(CompositionError, match="put it last"):
        Composed(left=Twice(), right=compose("ipa"))


def test_an_error_reaches_the_method_that_asked() -> None:
    steps = flow(Composed(left=compose("ipa"), right=Twice()).respond(ANN, ask("tag", "love"), None, None))
    next(steps)
    with pytest.raises(StopIteration) as stop:
        steps.throw(AccessError("no"))
    assert stop.value.value == "may not ask"
