"""Whether the record that an answer rests on is named first, beside others of the same slot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from idiolect.applications.reasons.__main__ import main
from idiolect.applications.reasons.measure import SHOWN, Measured, Plan, judged, measure, planted
from idiolect.core.errors import BadInput
from idiolect.core.layout import ask
from idiolect.core.types import Turn
from idiolect.simulation.people import Probe
from idiolect.simulation.world import make

OWN = [Turn(id="old", text="I live in Rome"), Turn(id="new", text="I now live in Oslo")]
OTHERS = [Turn(id="other", text="Tom lives in Bern")]
ASKED = Probe(
    id="p", user="ann", task="update", query=ask("", "where?"), target="", truth={"value": "Oslo", "not": "Rome"}
)


def why(*first: str, weights: dict[str, float], **more: Any) -> dict[str, Any]:
    """An explanation with these sources first, and others behind them."""
    ids = [*first, *(f"filler {i}" for i in range(SHOWN - len(first)))]
    sources = [{"id": id, "weight": weights.get(id, 0.0)} for id in ids]
    return {"answer": "Oslo", "basis": "mattered", "sources": sources, **more}


def test_the_planted_record_has_a_place_by_importance_and_one_by_words() -> None:
    found = judged(ASKED, OWN, OTHERS, why("new", "old", "other", weights={"other": 0.5, "old": 0.3, "new": 0.2}))
    assert found is not None
    assert (found.rank, found.retrieved, found.confusable, found.sources) == (1, 3, 2, SHOWN)


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (("new", "old"), {}),  # one that could be confused with it is not two
        (("old", "other"), {}),  # the planted record was not shown
        (("new", "old", "other"), {"basis": "used"}),
        (("new", "old", "other"), {"sources": [{"id": id, "weight": 0.1} for id in ("new", "old", "other")]}),
    ],
)
def test_an_answer_without_confusable_sources_does_not_count(first: tuple[str, ...], more: dict[str, Any]) -> None:
    assert judged(ASKED, OWN, OTHERS, why(*first, weights={}, **more)) is None


def test_what_is_planted_beside_a_fact_is_of_its_slot_and_of_two_others() -> None:
    world = make(3, 4, held=False, history=1, probes=1)
    user = world.users[0]
    for fact in world.truth[user]["facts"]:
        one, two = (turn.text for turn in planted(world, user, fact))
        assert one != two
        assert all(fact["key"] in text and fact["value"] not in text for text in (one, two))


def test_shares_are_of_the_answers_that_count() -> None:
    assert (Measured(plan=Plan()).first, Measured(plan=Plan()).retrieved_first) == (0.0, 0.0)
    with pytest.raises(BadInput, match="3 or more"):
        measure(Plan(users=2))


@pytest.mark.slow
def test_the_record_that_a_right_answer_rests_on_is_named_first(tmp_path: Path) -> None:
    command = typer.Typer()
    command.command()(main)
    out = tmp_path / "reasons.json"
    said = CliRunner().invoke(command, ["--right", "20", "--users", "24", "--questions", "3", "--out", str(out)])
    assert said.exit_code == 0, said.output
    found = json.loads(out.read_text(encoding="utf-8"))
    assert len(found["judged"]) == 20
    assert len({one["user"] for one in found["judged"]}) >= 3
    assert found["first"] >= 0.9
    assert found["first"] > found["retrieved_first"]
