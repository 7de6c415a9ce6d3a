"""Whether feedback helps: who says what at the door, what is measured, and what it comes to."""

from __future__ import annotations

import pytest

from idiolect.applications.loop.run import ALL, COPY, NONE, SWAPPED, Answered, Measured, Plan, measure
from idiolect.applications.loop.table import rows, text
from idiolect.applications.loop.visitors import visitors
from idiolect.core.errors import BadInput


def quiet(what: str, done: int, of: int) -> None:
    return


def test_what_is_measured_was_never_rated() -> None:
    (visitor,) = visitors(1, 1)
    rated, measured = ({q["q"] for q in some} for some in (visitor.questions.rated, visitor.questions.measured))
    assert len(measured) >= 8
    assert not rated & measured
    assert all(visitor.question()["q"] in rated for _ in range(50))


def test_a_visitor_likes_what_he_would_write_and_people_differ() -> None:
    people = visitors(1, 8)
    question = people[0].questions.measured[0]
    assert all(v.satisfaction(v.written(question)) == 1.0 for v in people)
    assert len({tuple(v.weights.values()) for v in people}) > 4
    assert people[0].satisfaction("") == 0.0


def test_a_reply_is_about_its_own_question_and_no_other() -> None:
    (visitor,) = visitors(2, 1)
    one, other = visitor.questions.measured[:2]
    for text_ in visitor.replies(one):
        assert visitor.questions.about(one, text_) == 1.0
        assert visitor.questions.about(other, text_) == 0.0


def test_copying_gives_what_was_liked_at_the_nearest_question() -> None:
    (visitor,) = visitors(3, 1)
    assert visitor.copied("How do I cook rice?") == ""
    visitor.liked = [("How do I cook pasta?", "Boil it."), ("How do I make tea?", "Use hot water.")]
    assert visitor.copied("How do I cook rice?") == "Boil it."


def answered(arm: str, stage: int, user: str, score: float) -> Answered:
    return Answered(arm=arm, stage=stage, user=user, question="q", text="t", score=score, about=1.0)


def test_gains_are_paired_over_people() -> None:
    plan = Plan(users=3, stages=(1, 2), adapters=False)
    found = Measured(plan=plan)
    for place, user in enumerate("abc"):
        found.answers.append(answered(NONE, 0, user, 0.1 * place))
        for stage in plan.stages:
            for arm in (*plan.arms, SWAPPED, COPY):
                gain = 0.2 * stage if arm == ALL else 0.0
                found.answers.append(answered(arm, stage, user, 0.1 * place + gain))
    table = {(r.arm, r.after, r.against): r for r in rows(found)}
    assert table[ALL, 1, NONE].gain == pytest.approx(0.2)
    assert table[ALL, 2, NONE].low == pytest.approx(0.4)  # the same for each: the interval has no width
    assert table[ALL, 2, "after 1"].gain == pytest.approx(0.2)
    assert table[SWAPPED, 2, NONE].gain == pytest.approx(0.0)
    assert "adapter" not in text(found)


@pytest.mark.parametrize("plan", [Plan(users=1), Plan(stages=(30, 10)), Plan(stages=())])
def test_a_plan_that_measures_nothing_is_refused(plan: Plan) -> None:
    with pytest.raises(BadInput):
        measure(plan, quiet)


@pytest.mark.slow
def test_a_small_run_at_the_door_has_every_row_and_weights_help() -> None:
    plan = Plan(users=4, stages=(20,), questions=3, adapters=False, seed=11)
    found = measure(plan, quiet)
    table = {r.arm: r for r in rows(found)}
    assert set(table) == {ALL, "prompt", "weights", SWAPPED, COPY}
    assert table["weights"].gain > 0
    assert len(found.answers) == 4 * 3 * 6


@pytest.mark.long
def test_feedback_helps_64_people_whom_nobody_has_seen() -> None:
    found = measure(Plan(), quiet)
    table = {(r.arm, r.after, r.against): r for r in rows(found)}
    assert table[ALL, 30, NONE].low > 0
    assert table[ALL, 100, NONE].low > 0
    assert table[ALL, 100, "after 10"].low > 0
    for alone in ("prompt", "weights", "adapter"):
        assert table[alone, 30, NONE].low > 0
    for stage in (30, 100):
        assert table[SWAPPED, stage, NONE].low <= 0  # another's feedback shows no gain
