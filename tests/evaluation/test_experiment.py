from __future__ import annotations

import json
from pathlib import Path

import pytest

from idiolect.core.errors import BadInput, UnknownName
from idiolect.evaluation.experiment import Experiment, WorldConfig, load, read, toml

DOCS = Path(__file__).parents[2] / "docs"
TEXT = """
methods = ["ipa", "oppu"]
seeds = [0, 1]
out = "runs/one"
[plan]
ipa = ["fact"]
oppu = ["tag", "rewrite"]
[world]
users = 8
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "one.toml"
    path.write_text(TEXT, encoding="utf-8")
    return path


def test_a_file_changes_only_what_it_names(file: Path) -> None:
    e = load(file)
    assert (e.methods, e.seeds, e.world.users, e.world.learners) == (("ipa", "oppu"), (0, 1), 8, 64)
    assert e.plan["oppu"] == ("tag", "rewrite")


def test_flags_win_over_the_file(file: Path) -> None:
    e = load(file, methods=["oppu"], tasks=["rate"], out="elsewhere")
    assert (e.methods, e.tasks, e.out) == (("oppu",), ("rate",), "elsewhere")


def test_a_seed_moves_the_world_and_the_seeds_of_the_methods(file: Path) -> None:
    e = load(file, seed=40)
    assert (e.world.seed, e.seeds) == (40, (40, 41))


def test_a_world_file_takes_the_place_of_the_made_one(file: Path) -> None:
    assert load(file, world="mine.json").world.file == "mine.json"


def test_without_a_file_there_are_defaults() -> None:
    assert load() == Experiment()


def test_own_is_always_run() -> None:
    assert read({"arms": ["base"]}).arms == ("own", "base")


def test_the_fingerprint_ignores_methods_and_knows_the_world(file: Path) -> None:
    one = load(file)
    assert one.fingerprint == load(file, methods=["pag"], out="x").fingerprint
    assert one.fingerprint != load(file, seed=5).fingerprint


def test_the_fingerprint_knows_the_length_of_answers_and_not_what_is_computed_of_them() -> None:
    one = Experiment().fingerprint
    assert read({"metrics": ["bleu"], "cache": ""}).fingerprint == one
    assert read({"tokens": 500}).fingerprint != one


def test_where_several_models_are_named_the_fingerprint_leaves_room_for_more() -> None:
    assert read({"models": ["a"]}).fingerprint == read({"models": ["a", "b"]}).fingerprint
    assert read({"models": ["a"]}).fingerprint != read({"model": "a"}).fingerprint


def test_metrics_as_a_list_are_for_every_task_and_are_written_as_a_table(tmp_path: Path) -> None:
    named = read({"metrics": ["bleu", "meteor"]})
    assert named.metrics == {"*": ("bleu", "meteor")}
    (tmp_path / "e.toml").write_text(toml(named))
    assert load(tmp_path / "e.toml") == named


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("method = 1", "did you mean methods"),
        ("[world]\nuser = 1", "did you mean users"),
        ('arms = ["swaped"]', "did you mean swapped"),
    ],
)
def test_an_unknown_field_is_named_with_near_ones(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "e.toml").write_text(text)
    with pytest.raises(UnknownName, match=message):
        load(tmp_path / "e.toml")


@pytest.mark.parametrize(
    "text",
    [
        'methods = "ipa"',
        "seeds = [0.5]",
        "seeds = []",
        "queries = 0",
        'queries = "many"',
        "tokens = 0",
        'metrics = "bleu"',
        "[metrics]\ntag = [1]",
        "models = [3]",
        "[world]\nusers = 1",
        "a = [",
    ],
)
def test_a_wrong_value_is_refused_with_its_place(tmp_path: Path, text: str) -> None:
    (tmp_path / "e.toml").write_text(text)
    with pytest.raises(BadInput, match=r"e\.toml"):
        load(tmp_path / "e.toml")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        load(tmp_path / "none.toml")


def test_what_is_named_twice_is_run_once() -> None:
    e = read({"tasks": ["tag", "tag"], "arms": ["own", "base", "own"], "seeds": [1, 1], "history": [0, 4, 0]})
    assert (e.tasks, e.arms, e.seeds, e.history) == (("tag",), ("own", "base"), (1,), (0, 4))


def test_a_seed_below_0_is_refused() -> None:
    with pytest.raises(BadInput, match="the seed is -1"):
        load(seed=-1)


@pytest.mark.parametrize("name", ["results", "methods"])
def test_what_was_run_before_there_were_more_fields_can_be_gone_on_with(name: str) -> None:
    kept = json.loads((DOCS / f"{name}.json").read_text(encoding="utf-8"))
    assert read(kept["experiment"], name).fingerprint == kept["fingerprint"]


def test_a_person_with_more_records_is_another_population() -> None:
    more = Experiment(world=WorldConfig(records=64))
    assert more.fingerprint != Experiment().fingerprint
