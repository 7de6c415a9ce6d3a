"""The main job: models x methods x tasks x seeds x arms, resumable, everything it finds on disk as it is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from idiolect.core.errors import AccessError, BadInput
from idiolect.core.layout import line
from idiolect.evaluation import head, table
from idiolect.evaluation.asking import workers
from idiolect.evaluation.asking.opened import one_key_each, short
from idiolect.evaluation.asking.study import Cell, Study
from idiolect.evaluation.comparison.chosen import chosen
from idiolect.evaluation.entries import Entry, called
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.ledger import Ledger, Line, alone
from idiolect.evaluation.tasks import locomo
from idiolect.evaluation.tasks.opening import open_source

Progress: TypeAlias = Callable[[str, int, int], None]  # what is being done, answers given, answers in all


def evaluate(experiment: Experiment, progress: Progress | None = None, *, model: Any = None, jobs: int = 1) -> Path:
    """Runs what the folder `experiment.out` does not hold yet, and writes its table to `results.json`.

    Args:
        model: an open model in place of the one that the experiment names; several it must then not name.
        jobs: processes that share the work, each with a model of its own; answers are the same, times of a query and of
            adapting are those of a machine that does several things at once.

    Raises:
        BadInput, UnknownName: the experiment, its data or its folder cannot be used; says where and how to mend it.
        AccessError: a method that is named needs more than any of the models gives.
    """
    if jobs < 1 or (jobs > 1 and model is not None):
        raise BadInput("jobs", f"cannot be {jobs} here", "Name 1, or more without an open model.")
    if experiment.models and model is not None:
        raise BadInput("models", "an open model was given besides", "Leave out one of both.")
    folder = Path(experiment.out)
    tell = progress or (lambda what, given, total: None)
    with alone(folder):
        if locomo.ranked(experiment):
            head.write(folder, experiment, (), {"source": "LoCoMo"})
            locomo.evaluate(experiment, Ledger(folder), tell)
        else:
            _answers(experiment, _studies(experiment, Ledger(folder), model), jobs, tell)
        table.write(folder)
    return folder


def _studies(experiment: Experiment, ledger: Ledger, model: Any) -> list[Study]:
    """One for each model, on the same questions; none of the models is open yet.

    Raises:
        AccessError: a method needs more than any model gives, and was named; or all do.
    """
    if len({short(m) for m in experiment.models}) < len(experiment.models):
        raise BadInput("models", "two of them have one name, so that no row could say which is meant", "Rename one.")
    one_key_each(experiment.models)
    source = open_source(experiment)
    each = [replace(experiment, model=m) for m in experiment.models] or [experiment]
    found = [Study(one, ledger, model, source) for one in each]
    most = max(found, key=lambda study: study.access)
    if most.beyond and (experiment.methods or not most.entries):
        needs = ", ".join(f"{e.name} needs {e.access.name.lower()}" for e in most.beyond)
        raise AccessError(
            f"{_named(most)} gives {most.access.name.lower()} alone, but {needs}. Name a local Hugging Face folder as "
            "the model, or leave these methods out (--methods)"
        )
    return found


def _answers(experiment: Experiment, studies: list[Study], jobs: int, tell: Progress) -> None:
    plans = [_plan(study) for study in studies]
    total, given = sum(len(c.questions) for plan in plans for *_, cells in plan for c in cells), 0
    further = chosen(experiment.metrics, studies[0].source, (t for s in studies for ts in s.tasks.values() for t in ts))
    planned = len(studies[0].ledger) + total
    for plan in plans:
        study = studies.pop(0)  # and with it, when it is done, its model
        facts = _facts(study) | {"planned": planned, "further": further}
        head.write(study.ledger.folder, experiment, list(study.entries.values()), facts)
        units = workers.units(study, [(e, seed) for e, seed, cells in plan if cells])
        for what, batch in workers.answers(study, units, jobs) if jobs > 1 and units else _alone(study, units):
            study.ledger.add(batch)
            given += len(batch)
            tell(what, given, total)


def _plan(study: Study) -> list[tuple[Entry, int, list[Cell]]]:
    """Every method and seed with what is still to be answered."""
    return [(e, seed, study.cells(e, seed)) for e in study.entries.values() for seed in study.seeds(e)]


def _facts(study: Study) -> dict[str, Any]:
    """What a folder's head says of this model, and of whom it is asked about."""
    source, digest = study.source, study.model.digest
    gives = f"which gives {study.access.name.lower()}"
    return {
        "presets": study.presets.name,
        "tried": dict(study.presets.tried),
        "model": _named(study),
        "digest": "" if study.on else digest,
        "models": {study.on: {"model": study.experiment.model, "digest": digest}} if study.on else {},
        "left_out": {
            called(e.name, study.on): f"it needs {e.access.name.lower()} of {_named(study)}, {gives}"
            for e in study.beyond
        },
        "source": source.name,
        "asked": _digest(study),
        "users": len(source.users),
        "learners": len(source.learners),
        "apart": not set(source.users) & set(source.learners),
    }


def _named(study: Study) -> str:
    """What this model is called: an open one says it itself."""
    return study.on or (study.given.name if study.given is not None else short(study.experiment.model))


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
