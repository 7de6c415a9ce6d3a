"""Finds out what an experiment is run on: a world or real data."""

from __future__ import annotations

from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.tasks import Source


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
    from idiolect.evaluation.tasks.dataset import DatasetSource, continued

    size = {"users": experiment.world.users, "learners": experiment.world.learners}
    if path.name.endswith("questions.json") or (path.is_dir() and any(path.glob("*questions.json*"))):
        from idiolect.data.readers import lamp

        return DatasetSource(lamp.read(path), **size)
    if path.is_file() and ".json" in path.name:
        from idiolect.data.readers import messages

        return DatasetSource(continued(messages.read(path), experiment.queries), **size)
    fix = "Give LoCoMo's or LaMP's files, or a .json or .jsonl file of messages"
    raise BadInput(path, "it is no data that can be evaluated", fix)
