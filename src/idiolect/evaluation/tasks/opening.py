"""Finds out what an experiment is run on: a world or real data."""

from __future__ import annotations

from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.tasks import Source

KNOWN = "LaMP, LoCoMo, LongLaMP, LongMemEval, PersonaMem, PerLTQA or PrefEval"


def open_source(experiment: Experiment) -> Source:
    """The users and their questions.

    Raises:
        BadInput: the data is of no known form; the message says which are.
    """
    if not experiment.data:
        from idiolect.evaluation.tasks.world import open_world

        return open_world(experiment.world, experiment.queries)
    path = Path(experiment.data)
    if not path.exists():
        raise BadInput(path, "there is no such file or folder", "Give the path of your data with --data")
    from idiolect.evaluation.tasks import sets
    from idiolect.evaluation.tasks.dataset import DatasetSource, continued

    users, learners = experiment.world.users, experiment.world.learners
    if name := sets.recognised(path):
        return sets.open_set(name, path, users=users, learners=learners)
    if path.name.endswith("questions.json") or (path.is_dir() and any(path.glob("*questions.json*"))):
        from idiolect.data.readers import lamp

        return DatasetSource(lamp.read(path), users=users, learners=learners)
    if path.is_file() and ".json" in path.name:
        from idiolect.data.readers import messages

        said = continued(messages.read(path), experiment.queries)
        return DatasetSource(said, users=users, learners=learners)
    fix = f"Give the folder of {KNOWN}, or a .json or .jsonl file of messages"
    raise BadInput(path, "it is no data that can be evaluated", fix)
