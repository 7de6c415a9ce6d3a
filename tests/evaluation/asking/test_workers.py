"""Several processes give what one gives, and say what stopped them."""

from __future__ import annotations

import json
from pathlib import Path
from queue import Queue
from types import SimpleNamespace
from typing import Any

import pytest

from evaluation.parrot import Parrot
from evaluation.test_run import experiment
from idiolect.core.errors import BadInput, IdiolectError
from idiolect.evaluation import table
from idiolect.evaluation.asking import workers
from idiolect.evaluation.run import evaluate

TIMES = {"milliseconds"}


def said(folder: Path) -> set[str]:
    """Every line of the ledger but its times."""
    lines = [json.loads(x) for x in (folder / "examples.jsonl").read_text().splitlines()]
    return {json.dumps({k: v for k, v in e.items() if k not in TIMES}, sort_keys=True) for e in lines}


@pytest.mark.slow
def test_two_processes_leave_the_answers_of_one(tmp_path: Path) -> None:
    methods = ("ipa", "pag", "cos")
    alone = evaluate(experiment(tmp_path, methods=methods, queries=1, out=str(tmp_path / "one")))
    shared = evaluate(experiment(tmp_path, methods=methods, queries=1, out=str(tmp_path / "two")), jobs=2)
    assert said(shared) == said(alone)
    assert len(table.read(shared)) == len(table.read(alone)) == 3
    costs = [(shared / "costs.jsonl").read_text().count("\n"), (alone / "costs.jsonl").read_text().count("\n")]
    assert costs[0] == costs[1] > 0


def test_what_stops_a_worker_is_said(tmp_path: Path) -> None:
    outbox: Any = Queue()
    workers._work(experiment(tmp_path, model=str(tmp_path / "nothing-here")), tmp_path / "out", Queue(), outbox)
    with pytest.raises(IdiolectError, match="nothing-here"):
        workers._next(outbox, [])


def test_an_open_model_stays_in_its_process(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="jobs"):
        evaluate(experiment(tmp_path), model=Parrot(), jobs=2)


def test_methods_that_learn_apart_stand_with_their_parts() -> None:
    def entry(name: str, *parts: str) -> Any:
        return SimpleNamespace(name=name, parts=parts or (name,), apart=name.endswith("(apart)"))

    all_ = [entry("ipa"), entry("cos"), entry("oppu"), entry("ipa | oppu (apart)", "ipa", "oppu")]
    study: Any = SimpleNamespace(entries={e.name: e for e in all_})
    found = workers.units(study, [(e, seed) for seed in (0, 1) for e in all_ if seed == 0 or e.name != "ipa"])
    assert [(u.names, u.seed) for u in found] == [
        (("ipa", "oppu", "ipa | oppu (apart)"), 0),
        (("cos",), 0),
        (("cos",), 1),
        (("oppu", "ipa | oppu (apart)"), 1),
    ]


def test_a_dead_worker_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PATIENCE", 0.01)
    dead: Any = SimpleNamespace(exitcode=-9)
    with pytest.raises(IdiolectError, match="fewer --jobs"):
        workers._next(Queue(), [dead])
