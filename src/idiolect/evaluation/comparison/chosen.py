"""Which metrics answers are reported in besides the one that scores them, checked before anything is asked.

metrics = ["bleu", "meteor"]             on every task

[metrics]
headline = ["bleu", "meteor"]
tag = ["f1_macro", "mcc"]
"*" = ["rouge_l"]                        on every task that is not named
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation import metrics
from idiolect.evaluation.experiment import ALL
from idiolect.evaluation.metrics import checked
from idiolect.evaluation.tasks import Source

FAMILIES = ("classification", "generation")  # those that compare what was said with what was wanted
OTHERWISE = ("perplexity", "f1_binary")  # of log-probabilities; of a class that would have to be named
FEW = 8


def chosen(named: Mapping[str, Sequence[str]], source: Source, tasks: Iterable[str]) -> dict[str, list[str]]:
    """By task: what its source reports, then what the experiment names; without what scores it anyway.

    Args:
        tasks: those that are run.

    Raises:
        BadInput: a task that is not run, or a metric that cannot measure its answers.
        UnknownName: no such metric.
        MissingExtra: its library is not installed.
    """
    run = list(dict.fromkeys(tasks))
    for task in named:
        if task not in (ALL, *run):
            fix = f'Run are: {", ".join(run)}; "{ALL}" means every task'
            raise BadInput("metrics", f"there is no task {task!r} in this experiment", fix)
    found = {}
    for task in run:
        asked = named.get(task, named.get(ALL, ()))
        for name in asked:
            _fits(name, task, source)
        score = source.metric(task).signature.partition("@")[0]
        if names := [n for n in dict.fromkeys((*source.further(task), *asked)) if n != score]:
            found[task] = names
    return found


def fitting() -> list[str]:
    """The metrics that an experiment may name."""
    return [name for name in metrics.names() if _family(metrics.get(name)) in FAMILIES and name not in OTHERWISE]


def _fits(name: str, task: str, source: Source) -> None:
    """Whether it can compare the right answers of a task with themselves."""
    metric: Any = metrics.get(name)
    fix = f"Name it under [metrics] for the tasks that it fits, or take another of {', '.join(fitting())}"
    if name not in fitting():
        what = f"{name} ({_family(metric)}) does not compare an answer with the one that was wanted"
        raise BadInput("metrics", what, fix)
    said = metric.signature  # which is known where its library is there
    targets = list(dict.fromkeys(q.target for u in source.users for q in source.questions(u, task)))
    if _family(metric) != "classification":
        targets = targets[:FEW]  # any text will do for what compares texts, and vectors take their time
    try:
        metric.reduce(checked(metric, metric.statistics(targets, targets)), np.ones(len(targets)))
    except (BadInput, ValueError, TypeError) as error:
        raise BadInput("metrics", f"{said} cannot measure {task!r} ({error})", fix) from error


def _family(metric: Any) -> str:
    """The folder of its file."""
    return type(metric).__module__.split(".")[-2]
