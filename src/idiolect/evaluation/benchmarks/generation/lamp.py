"""LaMP 1-7 (Salemi et al. 2024): short tasks whose answers depend on the profile that comes with the question.

`idiolect evaluate --data FOLDER` runs methods on one task's files; here they are read and counted.
"""

from __future__ import annotations

from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.dataset import Dataset
from idiolect.data.readers import lamp
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="LaMP",
    source="lamp-benchmark.github.io; files from ciir.cs.umass.edu/downloads/LaMP/LaMP_<n>/<split>",
    version="new splits of LaMP_2; the format of github.com/LaMP-Benchmark/LaMP",
    licence="CC BY-NC-SA 4.0; LaMP-6 needs the Avocado corpus from the LDC",
    split="one folder a task, LaMP_1 to LaMP_7, with dev_questions.json and dev_outputs.json; at least one of them",
    protocol="1 accuracy, 2 accuracy and F1, 3 MAE and RMSE, 4 to 7 ROUGE-1 and ROUGE-L",
    files=(),
    model=True,
)
TASKS = tuple(f"LaMP_{n}" for n in range(1, 8))


def read(folder: Path) -> dict[str, Dataset]:
    """By task, those whose folder is there.

    Raises:
        BadInput: none is there, or a question cannot be read.
    """
    there = [t for t in TASKS if (folder / t).is_dir()]
    if not there:
        raise BadInput(folder, f"none of {', '.join(TASKS)} is in it", f"They come from {CARD.source}")
    found = {}
    for task in there:
        questions = CARD.find(folder / task, "dev_questions.json")
        CARD.find(folder / task, "dev_outputs.json")
        found[task] = lamp.read(questions)
        if found[task].name != task:
            raise BadInput(folder / task, f"its outputs are of {found[task].name}", "Put each task in its own folder")
    return found


def count(data: dict[str, Dataset]) -> dict[str, int]:
    """What is in it."""
    found = {}
    for task, dataset in data.items():
        found[f"{task} questions"] = len(dataset.questions)
        found[f"{task} profile entries"] = sum(map(len, dataset.people.values()))
    return found
