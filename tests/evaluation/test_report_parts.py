from __future__ import annotations

import json

from evaluation.answers import USERS, answers, curve, line
from idiolect.evaluation.comparison.answers import Arms
from idiolect.evaluation.ledger import Line
from idiolect.evaluation.report.audit import counts
from idiolect.evaluation.report.browser import LONGEST, browsed, embedded
from idiolect.evaluation.report.confusion import OTHER, changes, matrices
from idiolect.evaluation.report.crossings import crossings, overtakings
from idiolect.evaluation.report.leaders import Board, boards
from idiolect.evaluation.table import rows_of


def board(*examples: list[Line]) -> Board:
    arms = Arms([e for part in examples for e in part])
    rows = rows_of(arms, [])
    (found,) = boards(arms, rows, [False] * len(rows), {"tag": "oracle@1"})
    return found


def scores(method: str, right: float) -> list[Line]:
    """Everybody right on the same share of ten questions."""
    return [
        line(method=method, user=u, query=f"{u}/{q}", score=float(q < 10 * right)) for u in USERS for q in range(10)
    ]


def test_the_best_stands_first_and_who_cannot_be_told_from_it_is_tied() -> None:
    found = board(scores("worst", 0.1), scores("best", 0.9), scores("same", 0.9))
    assert [p.row.method for p in found.places] == ["best", "same", "worst"]
    assert [p.tied for p in found.places] == [False, True, False]


def test_where_less_is_better_the_smallest_stands_first() -> None:
    made = [[{**e, "higher_is_better": False} for e in scores(m, r)] for m, r in (("far", 0.9), ("near", 0.1))]
    assert [p.row.method for p in board(*made).places] == ["near", "far"]


def test_limits_and_means_lie_on_the_scale() -> None:
    for place in board(answers("ipa"), answers("oppu", own=0.4)).places:
        assert 0 <= place.low <= place.x <= place.high <= 100


def step(arm: str, history: int | None, right: float) -> list[Line]:
    made = [{**e, "arm": arm} for e in scores("ipa", right)]
    return made if history is None else [{**e, "history": history} for e in made]


def test_a_crossing_is_the_length_from_which_every_longer_one_is_better_too() -> None:
    grown = {0: 0.1, 1: 0.5, 4: 0.2, 16: 0.6}
    own = [e for n, right in grown.items() for e in step("own", n, right)]
    (found,) = crossings(Arms([*own, *step("base", None, 0.2)]))
    assert (found.against, found.length) == ("no method", 16)
    assert found.sentence == "From 16 records on, his own beat no method."


def test_a_method_overtakes_another_where_it_is_ahead_with_more_records_and_was_not_with_fewer() -> None:
    grown = {"oppu": {1: 0.1, 4: 0.4, 16: 0.9}, "ipa": {1: 0.3, 4: 0.4, 16: 0.4}, "pag": {1: 0.0, 4: 0.0, 16: 0.0}}
    made = [
        {**e, "arm": "own", "history": n}
        for method, curve in grown.items()
        for n, right in curve.items()
        for e in scores(method, right)
    ]
    found = {(c.method, c.against): c.length for c in overtakings(Arms(made))}
    assert found[("oppu", "what ipa makes of them")] == 16
    assert ("ipa", "what oppu makes of them") not in found  # ahead with few, not with many
    assert ("ipa", "what pag makes of them") not in found  # ahead from the first record on


def test_a_curve_that_never_crosses_says_so() -> None:
    own = [e for n in (0, 4) for e in step("own", n, 0.1)]
    group = [e for n in (0, 4) for e in step("group", n, 0.1)]
    (found,) = crossings(Arms([*own, *group]))
    assert found.length is None
    assert found.sentence == "With 4 records his own cannot be shown to beat the data of people like him."


def test_questions_are_kept_gained_lost_or_missed() -> None:
    own = [line(query=str(q), score=float(q in (0, 1))) for q in range(4)]
    base = [line(query=str(q), score=float(q in (0, 2)), arm="base") for q in range(4)]
    (found,) = changes(Arms([*own, *base]))
    assert (found.kept, found.gained, found.lost, found.missed) == (0.25, 0.25, 0.25, 0.25)


def test_scores_without_right_and_wrong_are_left_out() -> None:
    made = [line(score=3.0), line(score=2.0, arm="base")]
    assert changes(Arms(made)) == []


def test_labels_are_counted_against_what_was_said() -> None:
    made = [
        line(query="1", target="Salty", prediction="salty "),
        line(query="2", target="sweet", prediction="salty"),
        line(query="3", target="sweet", prediction="x"),
        line(query="4", target="salty", prediction="salty"),
    ]
    (found,) = matrices(made)
    assert found.said == ("salty", "sweet", OTHER)
    assert found.counts == ((2, 0, 0), (1, 0, 1))


def test_a_task_of_many_right_answers_has_no_table_of_labels() -> None:
    assert matrices([line(query=str(n), target=str(n // 2)) for n in range(22)]) == []


def test_every_arm_of_a_question_stands_in_one_cell_with_its_sources() -> None:
    (cell,) = browsed([line(used=["- a film"], used_count=3), line(arm="swapped", data_of="u01", prediction="old")])[
        "cells"
    ]
    assert [a["n"] for a in cell["a"]] == ["own", "swapped"]
    assert (cell["a"][0]["r"], cell["a"][0]["c"], cell["a"][1]["d"]) == (["a film"], 3, "u01")


def test_long_texts_are_cut_and_curves_left_out() -> None:
    found = browsed([line(prediction="x" * 5000), *curve("ipa", "tag")])
    assert found["total"] == 1
    assert len(found["cells"][0]["a"][0]["p"]) == LONGEST + 2


def test_no_text_can_close_the_script_that_holds_it() -> None:
    text = embedded(browsed([line(prediction="</script><script>alert(1)</script>")]))
    assert "<" not in text
    assert json.loads(text)["cells"][0]["a"][0]["p"].startswith("</script>")


def test_the_audit_counts_whose_data_was_used_and_what_is_missing() -> None:
    made = [line(query="a"), line(query="b", prediction=" "), line(query="a", arm="swapped", data_of="u01")]
    own, swapped = counts(made)
    assert (own.answers, own.own_data, own.empty, own.missing) == (2, 2, 1, 0)
    assert (swapped.own_data, swapped.missing) == (0, 1)


def test_a_task_whose_right_answers_are_all_different_has_no_table_of_labels() -> None:
    assert matrices([line(query=str(n), target=f"You mean {n}.", prediction="x") for n in range(8)]) == []


def test_a_label_is_read_as_the_metric_reads_it() -> None:
    made = [line(query=str(n), target=t, prediction=f"{t}.") for n, t in enumerate(("Salty", "sweet") * 2)]
    (found,) = matrices(made)
    assert found.counts == ((2, 0, 0), (0, 2, 0))


def test_a_curve_that_is_ahead_on_the_way_and_not_at_the_end_is_not_said_to_be_behind_all_along() -> None:
    own = [e for n, right in {1: 0.9, 4: 0.1}.items() for e in step("own", n, right)]
    (found,) = crossings(Arms([*own, *step("base", None, 0.2)]))
    assert found.sentence == "With 4 records his own cannot be shown to beat no method."
