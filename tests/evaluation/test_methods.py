from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from idiolect import registry
from idiolect.evaluation import table
from idiolect.evaluation.experiment import Experiment, WorldConfig
from idiolect.evaluation.report import report
from idiolect.evaluation.run import evaluate
from idiolect.evaluation.verdicts import summary

if TYPE_CHECKING:
    from idiolect.models.hf import HFModel


@pytest.mark.slow
def test_every_method_runs_on_random_weights_and_is_said_to_have_learnt_nothing(tmp_path: Path, llama: HFModel) -> None:
    names = tuple(n for n in registry.names() if "reply" not in registry.card(n).tasks)  # those learn from pairs alone
    given = Experiment(
        methods=names,
        tasks=("tag",),
        seeds=(0,),
        queries=1,
        world=WorldConfig(seed=3, users=6, learners=2),  # fewer could show nothing
        out=str(tmp_path / "out"),
    )
    rows = table.read(evaluate(given, model=llama))
    assert [r.method for r in rows] == list(names)
    assert summary(rows).startswith("Nothing was learnt")
    for row in rows:
        card = registry.card(row.method)
        if card.through == "learn":  # what it knows of a user lies in theta
            continue
        trains = card.trains != "nothing"
        assert (row.pooled is not None) == (row.trained_parameters > 0) == trains
    assert "Nothing was learnt" in report(tmp_path / "out").read_text(encoding="utf-8")
