from __future__ import annotations

from pathlib import Path

from evaluation.parrot import Parrot, world
from idiolect.evaluation import experiment as experiments
from idiolect.evaluation import table
from idiolect.evaluation.experiment import Experiment, WorldConfig
from idiolect.evaluation.ledger import Ledger
from idiolect.evaluation.run import evaluate


def test_a_shuffled_history_is_answered_where_it_is_asked_for(tmp_path: Path) -> None:
    population = WorldConfig(users=5, learners=2, file=str(world(tmp_path / "world.json")))
    arms = ("own", "base", "shuffled")
    plan = Experiment(methods=("ipa",), presets="", arms=arms, world=population, out=str(tmp_path / "out"))
    out = evaluate(plan, model=Parrot())
    mine = [e for e in Ledger(out).examples() if e["arm"] == "shuffled"]
    assert len(mine) == 15
    assert all(e["data_of"] == e["user"] and len(e["statistics"]) == 1 for e in mine)
    assert table.read(out)[0].score == 1.0


def test_the_printed_configuration_is_read_back_as_the_same_experiment(tmp_path: Path) -> None:
    plan = experiments.load(None, methods=("ipa | oppu",), seed=5, data='a "b"', history=(0, 4))
    (tmp_path / "plan.toml").write_text(experiments.toml(plan))
    assert experiments.load(tmp_path / "plan.toml") == plan
