"""Inside lm-evaluation-harness: personal benchmarks as its tasks, and any method here as its model.

| file | what it holds |
|---|---|
| `documents` | the official files of a benchmark as documents: who asks, what is known of him, what is asked |
| `scores` | what an answer is worth, by this package's metrics |
| `model` | the model `idiolect`: takes the user from the document, and answers under a method |
| `tasks/` | the tasks in the harness's YAML |

The harness is installed by itself; importing this package does not need it, importing `model` does.
"""

from __future__ import annotations

from importlib.resources import files


def tasks() -> str:
    """The folder of the YAML files, for `--include_path`."""
    return str(files("idiolect.evaluation.harness").joinpath("tasks"))
