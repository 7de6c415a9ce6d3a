from __future__ import annotations

import json
from pathlib import Path

import pytest

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.ids import aligned, read

GOLD = {"1": "a", "2": "b", "3": "c"}


def test_predictions_come_in_the_order_of_the_references() -> None:
    assert aligned([("3", "z"), ("1", "x"), ("2", "y")], GOLD) == (["x", "y", "z"], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("pairs", "what"),
    [
        ([("1", "x"), ("2", "y")], "id '3': without a prediction"),
        ([("1", "x"), ("2", "y"), ("3", "z"), ("1", "x")], "id '1': given more than once"),
        ([("1", "x"), ("2", "y"), ("3", "z"), ("9", "x")], "id '9': not among the references"),
        ([], "ids '1', '2', '3': without a prediction"),
        ([(str(n), "x") for n in range(9)], "ids '0', '4', '5' and 3 more: not among"),
    ],
)
def test_ids_that_do_not_fit_are_named(pairs: list[tuple[str, str]], what: str) -> None:
    with pytest.raises(BadInput, match=what):
        aligned(pairs, GOLD)


def test_a_file_of_lines_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text('{"id": 1, "prediction": "x"}\n\n{"id": "2", "prediction": "y"}\n')
    assert read(tmp_path / "p.jsonl") == [("1", "x"), ("2", "y")]


def test_what_lamps_evaluation_takes_is_read(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(json.dumps({"task": "LaMP_1", "golds": [{"id": "1", "output": "x"}]}, indent=1))
    assert read(tmp_path / "p.json") == [("1", "x")]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('{"id": "1", "prediction": "x"}\n{"id": "2"}\n', r"p, line 2: it holds no id and prediction"),
        ("x\n", "p, line 1"),
        ("[1]\n", "p, line 1"),
        ('{"golds": [{"id": "1"}]}', "p, entry 1: it holds no id and output"),
        ('{"golds": 3}', "its golds are no list"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_line(text: str, what: str, tmp_path: Path) -> None:
    (tmp_path / "p").write_text(text)
    with pytest.raises(BadInput, match=what):
        read(tmp_path / "p")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read(tmp_path / "nothing")
