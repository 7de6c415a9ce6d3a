"""The main job: methods x tasks x seeds x arms, resumable, everything it finds on disk as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from idiolect.core.errors import BadInput
from idiolect.core.layout import line
from idiolect.evaluation import head, table
from idiolect.evaluation.asking import workers
from idiolect.evaluation.asking.study import Study
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.ledger import Ledger, Line, alone
from idiolect.evaluation.tasks import locomo

Progress: TypeAlias = Callable[[str, int, int], None]  # what is being done, answers given, answers in all


def evaluate(experiment: Experiment, progress: Progress | None = None, *, model: Any = None, jobs: int = 1) -> Path:
    """Runs what the folder `experiment.out` does not hold yet, and writes its table to `results.json`.

    Args:
        model: an open model in place of the one that the experiment names.
        jobs: processes that share the work, each with a model of its own; answers are the same, times of a query and of
            adapting are those of a machine that does several things at once.

    Raises:
        BadInput, UnknownName: the experiment, its data or its folder cannot be used; says where and how to mend it.
    """
    if jobs < 1 or (jobs > 1 and model is not None):
        raise BadInput("jobs", f"cannot be {jobs} here", "Name 1, or more without an open model.")
    folder = Path(experiment.out)
    tell = progress or (lambda what, given, total: None)
    with alone(folder):
        if locomo.recognises(experiment.data):
            head.write(folder, experiment, (), {"source": "LoCoMo"})
            locomo.evaluate(experiment, Ledger(folder), tell)
        else:
            name = model.name if model is not None else Path(experiment.model).name
            _answers(Study(experiment, Ledger(folder), model), name, jobs, tell)
        table.write(folder)
    return folder


def _answers(study: Study, model: str, jobs: int, tell: Progress) -> None:
    entries, source = list(study.entries.values()), study.source
    plan = [(e, seed, study.cells(e, seed)) for e in entries for seed in study.seeds(e)]
    total, given = sum(len(c.questions) for _, _, cells in plan for c in cells), 0
    facts = {
        "presets": study.presets.name,
        "tried": dict(study.presets.tried),
        "model": model,
        "digest": study.model.digest,
        "source": source.name,
        "asked": _digest(study),
        "planned": len(study.ledger) + total,
        "users": len(source.users),
        "learners": len(source.learners),
        "apart": not set(source.users) & set(source.learners),
        "further": {task: names for task in source.tasks if (names := list(source.further(task)))},
    }
    head.write(study.ledger.folder, study.experiment, entries, facts)
    units = workers.units(study, [(e, seed) for e, seed, cells in plan if cells])
    for what, batch in workers.answers(study, units, jobs) if jobs > 1 and units else _alone(study, units):
        study.ledger.add(batch)
        given += len(batch)
        tell(what, given, total)


def _digest(study: Study) -> str:
    """Names what is known of whom, and what is asked: a file of data may change under its name, and so may a world."""
    found = sha256()
    people = {u.user_id: u for u in study.learners} | study.data
    for user, data in people.items():
        found.update(repr((user, [(r.id, r.time, line(r)) for r in data.records])).encode())
    for user in study.source.users:
        for task in study.source.tasks:
            asked = study.source.questions(user, task)[: study.experiment.queries]
            found.update(repr((user, task, [(q.id, q.query.text, q.target) for q in asked])).encode())
    return found.hexdigest()[:16]


def _alone(study: Study, units: list[workers.Unit]) -> Iterator[tuple[str, list[Line]]]:
    for unit in units:
        for name in unit.names:
            yield from study.answers(study.entries[name], unit.seed)
