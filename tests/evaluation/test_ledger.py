from __future__ import annotations

import json
from pathlib import Path

import pytest

from evaluation.answers import line
from idiolect.core.errors import BadInput
from idiolect.evaluation.ledger import FULL, Ledger, done


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
