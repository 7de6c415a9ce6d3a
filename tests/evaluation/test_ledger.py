from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.answers import line
from idiolect.core.errors import BadInput
from idiolect.evaluation.ledger import FULL, Ledger, alone, done


def test_what_was_added_is_there_after_opening_again(tmp_path: Path) -> None:
    Ledger(tmp_path).add([line(query="a"), line(query="b", prediction="crème 砂")])
    again = Ledger(tmp_path)
    assert [e["prediction"] for e in again.examples()] == ["salty", "crème 砂"]
    assert ("ipa", "tag", 0, "own", FULL, "u00", "b") in again


def test_a_last_line_cut_off_is_dropped_and_the_rest_kept(tmp_path: Path) -> None:
    Ledger(tmp_path).add([line(query="a"), line(query="b")])
    path = tmp_path / "examples.jsonl"
    whole = path.read_bytes()
    for cut in (1, 20, len(whole) // 2 - 1):
        path.write_bytes(whole[:-cut])
        ledger = Ledger(tmp_path)
        assert [e["query"] for e in ledger.examples()] == ["a"]
        ledger.add([line(query="c")])
        assert [e["query"] for e in Ledger(tmp_path).examples()] == ["a", "c"]


def test_a_bad_line_in_the_middle_is_named_and_nothing_is_lost(tmp_path: Path) -> None:
    Ledger(tmp_path).add([line(query="a")])
    path = tmp_path / "examples.jsonl"
    path.write_bytes(path.read_bytes() + b"{half\n" + path.read_bytes())
    before = path.read_bytes()
    with pytest.raises(BadInput, match=r"examples\.jsonl:2: the line is no JSON object"):
        Ledger(tmp_path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("field", ["score", "arm", "prediction"])
def test_a_line_without_a_field_is_named(tmp_path: Path, field: str) -> None:
    broken = line()
    del broken[field]
    (tmp_path / "examples.jsonl").write_text(json.dumps(broken) + "\n")
    with pytest.raises(BadInput, match=f"{field} missing"):
        Ledger(tmp_path)


def test_lengths_of_history_are_answers_of_their_own() -> None:
    assert done(line(history=4)) != done(line())


def test_reading_leaves_a_line_that_is_still_being_written(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    whole = json.dumps(line(prediction="crème 砂"), ensure_ascii=False).encode()
    for cut in (3, whole.index("砂".encode()) + 1, len(whole)):  # also within a letter
        path.write_bytes(whole + b"\n" + whole[:cut])
        ledger = Ledger(tmp_path)
        assert len(ledger) == len(list(ledger.examples())) == 1
        assert path.read_bytes() == whole + b"\n" + whole[:cut]


def test_opening_a_folder_makes_nothing(tmp_path: Path) -> None:
    assert len(Ledger(tmp_path / "none")) == 0
    assert not (tmp_path / "none").exists()


def test_a_question_that_was_answered_twice_is_named(tmp_path: Path) -> None:
    (tmp_path / "examples.jsonl").write_text((json.dumps(line()) + "\n") * 2)
    with pytest.raises(BadInput, match=r"examples\.jsonl:2: ipa on tag \(own\) has answered 'q0' of 'u00' before"):
        Ledger(tmp_path)


def test_a_score_that_is_no_number_is_named_and_never_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    with pytest.raises(ValueError, match="JSON"):
        ledger.add([line(score=float("nan"))])
    assert len(ledger) == 0
    (tmp_path / "examples.jsonl").write_text(json.dumps(line(score=float("nan"))) + "\n")
    with pytest.raises(BadInput, match=r"examples\.jsonl:1"):
        Ledger(tmp_path)


def test_a_second_run_in_the_same_folder_is_refused_and_the_next_is_not(tmp_path: Path) -> None:
    with (
        alone(tmp_path / "out"),
        pytest.raises(BadInput, match="another run is writing there"),
        alone(tmp_path / "out"),
    ):
        pass
    with alone(tmp_path / "out"):
        pass
