"""Which option an answer means."""

from __future__ import annotations

import numpy as np
import pytest

from idiolect.evaluation.tasks.options import Chosen, letter, put


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("B", "B"),
        ("b.", "B"),
        ("(c) play the cello", "C"),
        ("**D**", "D"),
        ("The answer is A", "A"),
        ("Answer: b", "B"),
        ("A good fit would be (d).", "D"),
        ("I would take C because it rains", "C"),
        ("A walk by the sea", ""),
        ("", ""),
    ],
)
def test_a_letter_is_read_as_people_write_it(said: str, meant: str) -> None:
    assert letter(said) == meant


def test_an_answer_that_means_no_option_is_wrong() -> None:
    metric = Chosen()
    found = metric.statistics(["B", "Pizza", "(a)"], ["B", "B", "B"])
    assert metric.reduce(found, np.ones(3)) == pytest.approx(1 / 3)


def test_options_stand_under_letters() -> None:
    assert put("Where?", ["Rome", "Oslo", "Bern", "Lima"]).splitlines()[:3] == ["Where?", "A. Rome", "B. Oslo"]
