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
from idiolect.core.layout import HISTORY, PROFILE, ask
from idiolect.core.method import Access, Method, flow
from idiolect.core.requests import Ask, Fit, Fitted, Read, Request, Score, Scored, Trained
from idiolect.core.types import Preference, Query, UserData
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


def profiled(options: dict[str, Any] | None = None) -> Any:
    """What ``pag | cos`` makes of one query, and what PAG alone does."""
    both, query = compose("pag | cos", options), ask("tag", "love")
    own, _ = run(both.adapt(ANN, None), answer)
    alone, _ = run(compose("pag").condition(ANN, query, None, own[0]))
    made, _ = run(both.condition(ANN, query, None, own))
    return made, alone


def test_a_contrast_right_of_a_profile_contrasts_all_that_the_profile_wrote() -> None:
    made, alone = profiled()
    told, plain = made.streams
    assert told.context == alone.streams[0].context
    assert {b.heading for b in told.context} == {PROFILE, HISTORY}
    assert (plain.context, plain.inherits) == ((), False)
    assert made.sources == alone.sources


def test_and_turns_below_it_stand_in_both_streams() -> None:
    made, alone = profiled({"cos": {"turns": 1}})
    told, plain = made.streams
    assert told.context == alone.streams[0].context + plain.context
    assert [b.lines for b in plain.context] == [("- My favourite tea is oolong.",)]


def test_a_contrast_that_is_told_to_contrast_what_he_stated_inherits_the_profile_in_both_streams() -> None:
    made, alone = profiled({"cos": {"contrast": "stated"}})
    blocks = alone.streams[0].context
    assert all(s.context[: len(blocks)] == blocks for s in made.streams)
    assert len(made.streams[0].context) == len(blocks) + 1


def test_the_plain_stream_of_a_contrasted_profile_inherits_nothing_however_much_stands_left() -> None:
    both = Composed(left=compose("ipa"), right=compose("pag | cos"))
    own, _ = run(both.adapt(ANN, None), answer)
    made, _ = run(both.condition(ANN, ask("tag", "love"), None, own))
    assert made.streams[1].context == ()
    assert made.streams[0].context[0].heading == HISTORY


def test_edits_right_of_a_contrasted_profile_stand_in_both_streams() -> None:
    both = compose("pag | cos | oppu")
    theta = run(both.learn([BOB]), answer)[0].theta
    own, _ = run(both.adapt(ANN, theta), answer)
    made, _ = run(both.condition(ANN, ask("tag", "love"), theta, own))
    assert [len(s.edits) for s in made.streams] == [2, 2]
    assert [bool(s.context) for s in made.streams] == [True, False]


TOLD = {"oppu": {"tasks": ["reply", "choose"]}}  # as an experiment tells it on what mod is measured


def pair(user: str, number: int, chosen: str, rejected: str) -> Preference:
    return Preference(id=f"{user}{number}", prompt="Well?", chosen=chosen, rejected=rejected, time=float(number))


CHOOSERS = [
    person("cid", *(pair("c", n, "yes!", "no") for n in range(3))),
    person("dan", *(pair("d", n, "no", "yes!") for n in range(3))),
]


def choosing(request: Request) -> Any:
    """As `answer`, and of a reply it says how many edits stand under it."""
    if isinstance(request, Score):
        return tuple(Scored(log_probs=torch.tensor([float(len(i.idiolect.streams[0].edits))])) for i in request.items)
    return answer(request)


def test_under_objectives_a_users_lora_is_trained_on_the_replies_that_he_chose() -> None:
    both = compose("oppu | mod", TOLD)
    learnt, asked = run(both.learn(CHOOSERS), choosing)
    task, *rest = [r for r in asked if isinstance(r, Fit)]
    assert [(i.user, i.answer, i.rejected) for i in task.items[:3]] == [("cid", "yes!", "")] * 3
    policies = [f for f in rest if f.objective == "dpo"]
    assert len(policies) == 6  # two ends of three objectives
    assert [len(i.idiolect.streams[0].edits) for i in policies[0].items] == [1, 2, 2] * 2  # his own begins with a pair
    _, (own,) = run(both.adapt(CHOOSERS[0], learnt.theta), choosing)
    assert isinstance(own, Fit)
    assert [i.answer for i in own.items] == ["yes!"] * 3


def test_his_lora_stands_below_each_policy_of_the_mixture() -> None:
    both = compose("oppu | mod", TOLD)
    theta = run(both.learn(CHOOSERS), choosing)[0].theta
    own, _ = run(both.adapt(CHOOSERS[0], theta), choosing)
    made, _ = run(both.condition(CHOOSERS[0], ask("reply", "Well?"), theta, own))
    assert made.combine is not None
    assert [len(s.edits) for s in made.streams] == [3, 3, 3]  # the task's, his own, a policy's
    assert {id(s.edits[1]) for s in made.streams} == {id(own[0].trained.edits[0])}
    assert len({id(s.edits[2]) for s in made.streams}) > 1


def test_a_choice_is_judged_by_both_against_the_model_alone() -> None:
    both = compose("oppu | mod", TOLD)
    theta = run(both.learn(CHOOSERS), choosing)[0].theta
    own, _ = run(both.adapt(CHOOSERS[0], theta), choosing)
    query = ask("choose", "Well? A: yes! B: no")
    text, asked = run(both.respond(CHOOSERS[0], query, theta, own), choosing)
    (scores,) = (r for r in asked if isinstance(r, Score))
    assert [len(i.idiolect.streams[0].edits) for i in scores.items] == [3, 0, 3, 0]
    assert text == "A"  # of equals the first


def test_who_is_not_asked_for_replies_learns_from_no_choice() -> None:
    for tasks in ([], ["tag"]):
        _, asked = run(compose("oppu", {"oppu": {"tasks": tasks}}).adapt(CHOOSERS[0], None), choosing)
        assert asked == []


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
