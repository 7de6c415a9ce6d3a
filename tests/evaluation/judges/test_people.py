from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from idiolect.core.method import Access
from idiolect.evaluation.benchmarks.preference.prism import Pair
from idiolect.evaluation.judges.__main__ import against_people, labelled

ASKED = {"question": "Which?", "chosen": "good reply", "rejected": "bad reply", "kind": "open"}
PAIRS = [Pair(id=str(n), person=f"person {n % 4}", **ASKED) for n in range(8)]


class Judge:
    """Prefers the good reply, or always the one that is shown first."""

    name, digest, access = "judge", "judge-1", Access.TEXT

    def __init__(self, fair: bool) -> None:
        self.fair = fair
        self.seen: list[str] = []

    def answer(self, requests: Sequence[Any], keys: Sequence[Any]) -> list[Any]:
        self.seen += [r.query.text for r in requests]
        return [(self._say(r.query.text),) for r in requests]

    def _say(self, text: str) -> str:
        first = "A" if not self.fair or text.index("good reply") < text.index("bad reply") else "B"
        return f"Better: {first}\nVerdict: {first}\nChoice: {first}\nAnswer: {first}"


def test_what_was_preferred_stands_first_and_second_in_turn() -> None:
    assert [side for _, side in labelled(PAIRS[:4])] == ["first", "second", "first", "second"]


def test_a_judge_that_prefers_what_people_prefer_agrees() -> None:
    assert against_people(PAIRS, Judge(fair=True), known=True, certain=False)["accuracy"] == 1.0


def test_a_judge_that_goes_by_place_agrees_with_half() -> None:
    found = against_people(PAIRS, Judge(fair=False), known=True, certain=False)
    assert found["accuracy"] == 0.5
    assert found["disagreement"] == 1.0


def test_a_judge_for_nobody_is_not_told_who_asks() -> None:
    known, blind = Judge(fair=True), Judge(fair=True)
    against_people(PAIRS, known, known=True, certain=False)
    against_people(PAIRS, blind, known=False, certain=False)
    assert "person 1" in " ".join(known.seen)
    assert "person 1" not in " ".join(blind.seen)
