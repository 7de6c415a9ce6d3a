from __future__ import annotations

import numpy as np
import pytest

from evaluation.answers import USERS, answers, line
from idiolect.evaluation import terminal
from idiolect.evaluation.comparison.within import comparisons
from idiolect.evaluation.ledger import Line
from idiolect.evaluation.significance import paired
from idiolect.evaluation.table import COLUMNS, Arms, rows
from idiolect.evaluation.verdicts import Verdict, summary, verdicts

ROW = (
    "method task seeds users score base gain gain_low gain_high gain_p swapped swapped_low swapped_p pooled pooled_low "
    "copy cousin prompt_tokens ms_per_query trained_parameters bytes_per_user adapt_seconds model"
)


def test_a_row_has_exactly_these_columns() -> None:
    assert tuple(ROW.split()) == COLUMNS


def test_a_score_is_the_mean_over_users_of_their_means() -> None:
    made = [line(user="a", query="1", score=1.0)] + [line(user="b", query=str(q), score=0.0) for q in range(9)]
    assert rows(made)[0].score == 0.5


def test_the_tasks_of_a_method_stand_together_though_several_were_run_at_once() -> None:
    run = [("oppu", "tag"), ("ipa", "fact"), ("oppu", "rewrite"), ("ipa", "tag")]
    made = rows(line(method=m, task=t, user="a", query="1") for m, t in run)
    assert [(r.method, r.task) for r in made] == [("oppu", "tag"), ("oppu", "rewrite"), ("ipa", "fact"), ("ipa", "tag")]


def test_seeds_are_averaged_before_users_are_compared() -> None:
    made = [line(user=u, query="1", seed=s, score=float(s == i % 2)) for i, u in enumerate("abcd") for s in (0, 1)]
    made += [line(user=u, query="1", arm="base", score=0.0) for u in "abcd"]
    (row,) = rows(made)
    assert (row.seeds, row.gain, row.gain_low, row.gain_high) == (2, 0.5, 0.5, 0.5)


def test_a_gain_is_the_paired_bootstrap_over_users() -> None:
    made = answers()
    (row,) = rows(made)
    mean = {
        (arm, u): np.mean([e["score"] for e in made if (e["arm"], e["user"]) == (arm, u)])
        for arm in ("own", "base")
        for u in USERS
    }
    by_hand = paired([mean["own", u] - mean["base", u] for u in USERS])
    assert (row.gain, row.gain_low, row.gain_high) == pytest.approx((by_hand.mean, by_hand.low, by_hand.high))


def test_p_is_adjusted_over_all_rows() -> None:
    alone = rows(answers("ipa", "tag"))[0].gain_p
    three = rows(answers("ipa", "tag") + answers("pag", "tag") + answers("oppu", "tag"))[0].gain_p
    assert alone is not None
    assert three == pytest.approx(3 * alone)


def test_where_less_is_better_a_lower_score_is_a_gain() -> None:
    errors = {"own": 1.0, "base": 3.0}
    made = [line(arm=a, user=u, score=s, higher_is_better=False) for u in "abc" for a, s in errors.items()]
    assert rows(made)[0].gain == 2.0


def test_only_questions_that_both_arms_answered_are_compared() -> None:
    made = [line(user=u, query=q, score=float(q == "1")) for u in "ab" for q in "12"]
    made += [line(user=u, query="1", arm="base", score=1.0) for u in "ab"]
    assert rows(made)[0].gain == 0.0


def test_an_arm_that_was_not_run_is_left_open() -> None:
    (row,) = rows([e for e in answers() if e["arm"] == "own"])
    assert (row.base, row.gain, row.swapped_low, row.pooled, row.cousin) == (None,) * 5


def test_short_histories_do_not_enter_the_row() -> None:
    made = [line(user="a", score=1.0), line(user="a", score=0.0, history=0)]
    assert rows(made)[0].score == 1.0


def test_costs_are_means_over_seeds_of_the_latest_measurement() -> None:
    cost = {"method": "ipa", "arm": "own", "bytes_per_user": 10, "trained_parameters": 4}
    measured = [{**cost, "seed": 0, "adapt_seconds": s} for s in (9.0, 1.0)] + [
        {**cost, "seed": 1, "adapt_seconds": 3.0}
    ]
    (row,) = rows([line()], measured)
    assert (row.adapt_seconds, row.trained_parameters, row.bytes_per_user) == (2.0, 4, 10)


def test_what_a_method_learnt_for_one_task_costs_that_tasks_row() -> None:
    cost = {"method": "ipa", "arm": "own", "seed": 0, "bytes_per_user": 10, "trained_parameters": 4}
    spent = [{**cost, "tasks": [task], "adapt_seconds": s} for task, s in (("tag", 1.0), ("rate", 5.0))]
    made = rows([line(task="tag"), line(task="rate"), line(task="fact")], spent)
    assert {r.task: (r.adapt_seconds, r.bytes_per_user) for r in made} == {
        "tag": (1.0, 10),
        "rate": (5.0, 10),
        "fact": (0.0, 0.0),
    }


def said_of(made: list[Line]) -> list[Verdict]:
    arms = Arms(made)
    return verdicts(arms, rows(made), comparisons(arms))


def test_a_gain_that_noise_explains_is_said_to_be_noise() -> None:
    made = answers(own=0.31)
    (verdict,) = said_of(made)
    assert not verdict.works
    assert "cannot be told from no method" in verdict.sentences[0]


def test_a_gain_that_another_users_data_also_brings_is_no_personalisation() -> None:
    made = answers(swapped=0.8)
    (verdict,) = said_of(made)
    assert "is better than no method" in verdict.sentences[0]
    assert "cannot be told from itself under another user's data" in verdict.sentences[1]
    assert not verdict.works


def test_a_composition_is_held_against_its_parts() -> None:
    made = answers("ipa", own=0.5) + answers("oppu", own=0.9) + answers("ipa | oppu", own=0.9)
    said = " ".join(said_of(made)[2].sentences)
    assert "ipa | oppu is better than ipa, its part" in said
    assert "ipa | oppu cannot be told from oppu, its part" in said
    found = comparisons(Arms(made))
    assert [(c["method"], c["against"]) for c in found if c["arm"] == "part"] == [
        ("ipa | oppu", "ipa, its part"),
        ("ipa | oppu", "oppu, its part"),
    ]
    plain = comparisons(Arms([e for e in made if e["method"] != "oppu"]))
    assert len(found) - len(plain) > 1
    assert found[0]["holm_p"] > plain[0]["holm_p"]


def test_a_part_that_was_not_asked_the_task_is_named() -> None:
    (verdict,) = said_of(answers("ipa | oppu"))
    assert "ipa, its part" in " ".join(verdict.sentences)


def test_where_no_method_gains_the_summary_says_that_nothing_was_learnt() -> None:
    assert summary(rows(answers(own=0.3))).startswith("Nothing was learnt")


def test_the_summary_counts_what_works() -> None:
    made = answers("ipa") + answers("pag", own=0.3)
    assert "In 1 of 2 rows personalisation works" in summary(rows(made))


def few(users: int) -> list[Line]:
    """Everybody is right under his own data alone."""
    arms = (("own", 1.0), ("base", 0.0), ("swapped", 0.0))
    return [line(user=f"u{u}", query=f"u{u}", arm=a, score=s) for u in range(users) for a, s in arms]


@pytest.mark.parametrize("users", [1, 2, 5])
def test_of_a_few_people_nothing_is_said_however_well_they_fare(users: int) -> None:
    (row,) = rows(few(users))
    assert (row.better, row.worse, row.personal) == (False, False, False)
    assert terminal.interval(row).endswith(" ?")
    assert summary([row]).startswith(f"Nothing can be said of so few people ({users})")
    (verdict,) = said_of(few(users))
    assert not verdict.works
    assert not [s for s in verdict.sentences if "is better" in s]


def test_six_people_who_are_all_better_off_are_enough() -> None:
    (row,) = rows(few(6))
    assert row.personal
    assert row.gain_p == 2 / 2**6


def test_what_was_not_tried_under_anothers_data_is_not_called_personal() -> None:
    made = [e for e in answers() if e["arm"] != "swapped"]
    (row,) = rows(made)
    assert (row.better, row.personal) == (True, False)
    assert not said_of(made)[0].works
    assert "was not tried" in summary([row])


def test_the_words_know_of_all_comparisons_that_were_made() -> None:
    chances = dict.fromkeys(("own", "pooled", "copy", "cousin"), 0.62) | {"base": 0.5, "swapped": 0.5}
    made = [e for n in range(6) for e in answers(f"m{n}", **chances)]
    found = comparisons(Arms(made))
    said = [s for v in said_of(made) for s in v.sentences]
    assert said == [c["sentence"] for c in found]
    assert [s for s in said if "Among so many comparisons" in s]


def test_equal_answers_under_three_seeds_are_no_gain() -> None:
    made = [line(user=u, seed=s, score=0.1) for u in USERS for s in range(3)]  # (.1 + .1 + .1) / 3 is above .1
    (row,) = rows(made + [line(user=u, arm="base", score=0.1) for u in USERS])
    assert (row.gain, row.better, row.gain_p) == (0.0, False, 1.0)
