"""Public sets as users, records and questions that a model answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.benchmarks import official
from evaluation.benchmarks import test_readers as typed
from evaluation.benchmarks.official import Files
from evaluation.server import ADDRESS, running
from idiolect.core.errors import BadInput
from idiolect.core.types import Attribute
from idiolect.evaluation import experiment as experiments
from idiolect.evaluation import table
from idiolect.evaluation.experiment import Experiment, WorldConfig
from idiolect.evaluation.run import evaluate
from idiolect.evaluation.tasks import Question, Source
from idiolect.evaluation.tasks.locomo import ranked
from idiolect.evaluation.tasks.opening import open_source
from idiolect.evaluation.tasks.sets import recognised

FILES: dict[str, Callable[..., Files]] = {
    "locomo": official.locomo,
    "longlamp": typed.longlamp,
    "longmemeval": typed.longmemeval,
    "personamem": typed.personamem,
    "perltqa": typed.perltqa,
    "prefeval": official.prefeval,
}
ALL = WorldConfig(users=100, learners=0)


def opened(name: str, folder: Path) -> Source:
    return open_source(Experiment(data=str(typed.written(folder, FILES[name]())), world=ALL))


def questions(source: Source) -> list[Question]:
    return [q for u in source.users for t in source.tasks for q in source.questions(u, t)]


@pytest.mark.parametrize("name", FILES)
def test_a_set_is_told_from_its_files(name: str, tmp_path: Path) -> None:
    assert recognised(typed.written(tmp_path, FILES[name]())) == name


def test_what_is_none_of_them_says_which_are_known(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(BadInput, match="LaMP, LoCoMo, LongLaMP, LongMemEval, PersonaMem, PerLTQA or PrefEval"):
        open_source(Experiment(data=str(tmp_path)))


def test_longmemeval_is_asked_on_its_day_after_its_sessions(tmp_path: Path) -> None:
    source = opened("longmemeval", tmp_path)
    (asked,) = questions(source)
    assert asked.query.text.startswith("Today is 2023/05/20 (Sat) 02:21. What is my dog called?")
    assert (asked.query.input, asked.target, asked.task) == ("What is my dog called?", "Rex", "single-session-user")
    records = source.store().records(asked.user)
    assert [r.session for r in records] == ["0", "1"]
    assert records[1].time - records[0].time == 86400
    assert asked.query.time is not None
    assert asked.query.time > records[1].time


def test_a_session_without_a_readable_day_is_named(tmp_path: Path) -> None:
    files = typed.longmemeval()
    files["longmemeval_s.json"][0]["haystack_dates"][1] = "May 2nd"
    with pytest.raises(BadInput, match=r"q1, session 1: 'May 2nd' is no date"):
        open_source(Experiment(data=str(typed.written(tmp_path, files)), world=ALL))


def test_personamem_asks_each_question_after_what_was_said_until_then(tmp_path: Path) -> None:
    source = opened("personamem", tmp_path)
    first, second = questions(source)
    assert first.query.text.splitlines()[2] == "B. play the cello"
    assert first.target == "B"
    assert len(source.store().records(first.user)) == 2  # the third message comes later
    assert (source.person(first.user), source.person(second.user)) == ("0", "1")
    assert source.group(first.user) == "persona 0"


def test_perltqa_searches_all_of_a_persons_memories(tmp_path: Path) -> None:
    source = opened("perltqa", tmp_path)
    assert {q.task: q.target for q in questions(source)} == {"profile": "female", "events": "Oslo"}
    assert any("sailed to Oslo" in r.text for r in source.store().records("Ann"))


def test_prefeval_hides_which_option_keeps_the_preference(tmp_path: Path) -> None:
    source = opened("prefeval", tmp_path)
    asked = questions(source)[0]
    place = "ABCD".index(asked.target)
    assert asked.query.text.splitlines()[1 + place].endswith("A gluten-free kitchen")
    (record,) = source.store().records(asked.user)
    assert isinstance(record, Attribute)
    assert record.value == "I avoid gluten."
    assert len({source.group(u) for u in source.users}) == 12


def test_longlamp_is_reported_in_meteor_too(tmp_path: Path) -> None:
    source = opened("longlamp", tmp_path)
    assert source.tasks == ("review",)
    assert source.metric("review").signature.startswith("rouge_l")
    assert source.further("review") == ("rouge_1", "meteor")


def test_locomo_is_read_where_kinds_of_question_are_asked_and_ranked_elsewhere(tmp_path: Path) -> None:
    data = str(typed.written(tmp_path, official.locomo()))
    assert ranked(Experiment(data=data))
    assert ranked(Experiment(data=data, tasks=("turn R@5",)))
    assert not ranked(Experiment(data=data, tasks=("single-hop",)))
    assert not ranked(Experiment(data=data, plan={"ipa": ("single-hop", "temporal")}))
    source = open_source(Experiment(data=data, world=ALL))
    assert [q.target for q in questions(source)] == ["Polly"]  # the adversarial question has no right answer


def test_ranking_refuses_what_only_a_reader_can_be_asked(tmp_path: Path) -> None:
    data = str(typed.written(tmp_path / "data", official.locomo()))
    with pytest.raises(BadInput, match="name its kinds of question as tasks: multi-hop"):
        evaluate(Experiment(data=data, metrics={"*": ("bleu",)}, out=str(tmp_path / "out")))


READY = {"locomo": "locomo_reader"}
ONLY = {"locomo": ("single-hop",)}  # of the kinds that the file names, those in the typed files
RUNS = Path(experiments.__file__).parent.parent / "experiments" / "runs"


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_ready_file_runs_on_a_server_and_the_official_form(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = running(monkeypatch)
    folder = typed.written(tmp_path / "data", FILES[name]())
    where = {"out": str(tmp_path / "out"), "cache": str(tmp_path / "cache"), "tasks": ONLY.get(name)}
    plan = experiments.load(RUNS / f"{READY.get(name, name)}.toml", data=str(folder), model=ADDRESS, **where)
    rows = table.read(evaluate(plan))
    assert server.asked
    assert {r.method for r in rows} == set(plan.methods)
    head = json.loads((tmp_path / "out" / "experiment.json").read_text())
    assert head["model"] == "parrot"
    assert head["users"] > 0
