from __future__ import annotations

from pathlib import Path
from typing import Any

from evaluation.parrot import Parrot, world
from idiolect.core.types import Interaction, Record, Turn, UserData
from idiolect.evaluation import table
from idiolect.evaluation.asking.grains import SMALLEST, crowd, elsewhere, grouped
from idiolect.evaluation.experiment import Experiment, WorldConfig
from idiolect.evaluation.ledger import Ledger
from idiolect.evaluation.run import evaluate


def tag(n: int, text: str) -> Interaction:
    return Interaction(
        id=f"r{n}", time=float(n), task="tag", prompt=f"a film about {'ships' if n % 2 else 'war'}", text=text
    )


def person(name: str, text: str, count: int = 4) -> UserData:
    return UserData(user_id=name, records=tuple(tag(n, text) for n in range(count)))


def two_camps() -> list[UserData]:
    return [person(f"l{i}", "salty" if i < 6 else "sweet") for i in range(SMALLEST + 6)]


def test_who_answers_alike_stands_in_one_group() -> None:
    groups = grouped(two_camps(), "tag")
    answers = [{r.text for r in c.records if isinstance(r, Interaction)} for c in groups.crowds]
    assert answers == [{"salty"}, {"sweet"}]  # the larger first


def test_a_group_is_chosen_by_the_first_record() -> None:
    groups = grouped(two_camps(), "tag")
    assert groups.of([tag(1, "sweet")], "tag") is groups.crowds[1]


def test_somebody_without_records_is_of_the_largest_group() -> None:
    groups = grouped(two_camps(), "tag")
    assert groups.of([], "tag") is groups.crowds[0]


def test_no_group_is_of_fewer_than_five() -> None:
    people = [person(f"l{i}", word) for i, word in enumerate(["salty"] * 9 + ["sweet"])]
    groups = grouped(people, "tag")
    assert all(len({r.id.split("/")[0] for r in c.records}) >= SMALLEST for c in groups.crowds)


def test_a_crowd_has_each_persons_latest_records_under_ids_of_their_own() -> None:
    made = crowd([person("a", "x", 200), person("b", "y", 200)], "tag", "both")
    assert len(made.records) == 256
    assert len({r.id for r in made.records}) == 256
    assert min(r.time for r in made.records) == 72.0


def test_elsewhere_keeps_what_is_not_of_the_task() -> None:
    said: tuple[Record, ...] = (tag(1, "salty"), Turn(id="t", time=2.0, text="hello"))
    assert [r.id for r in elsewhere(UserData(user_id="u", records=said), "tag").records] == ["t"]


def run(folder: Path) -> list[dict[str, Any]]:
    population = WorldConfig(users=2, learners=5, file=str(world(folder / "world.json")))
    arms = ("own", "base", "group", "everybody", "across")
    plan = Experiment(
        methods=("ipa",), presets="", arms=arms, world=population, history=(0, 4), out=str(folder / "out")
    )
    return list(Ledger(evaluate(plan, model=Parrot())).examples())


def test_the_three_grains_are_run_over_lengths_of_history(tmp_path: Path) -> None:
    made = run(tmp_path)
    cells = {(e["arm"], e.get("history", -1)) for e in made}
    assert cells >= {
        ("own", 0),
        ("own", 4),
        ("group", 0),
        ("group", 4),
        ("group", -1),
        ("everybody", -1),
        ("across", -1),
    }
    assert {e["data_of"] for e in made if e["arm"] == "everybody"} == {"everybody"}
    assert {p["grain"] for p in table.write(tmp_path / "out")["curve"]} == {"user", "group", "everybody"}


def test_without_his_records_on_the_task_nothing_is_known_here(tmp_path: Path) -> None:
    assert {e["prediction"] for e in run(tmp_path) if e["arm"] == "across"} == {"no idea"}
