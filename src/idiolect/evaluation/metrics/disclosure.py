"""What messages reveal of a user's memories, by context (CIMemories).

One example is one user. Prediction: by task, for each trial the attributes that the message reveals. Reference: by
task, which attributes are private there and which are necessary.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from idiolect.core.errors import BadInput

Revealed: TypeAlias = Mapping[str, Sequence[Collection[str]]]  # by task, the attributes of each trial


class Context(NamedTuple):
    """Attributes that a task must not reveal, and those that it must."""

    private: Collection[str]
    necessary: Collection[str]


def contexts(
    name: str, revealed: Revealed, wanted: Mapping[str, Context]
) -> Iterator[tuple[Context, Sequence[Collection[str]]]]:
    """Task by task.

    Raises:
        BadInput: the tasks are not the same, or one has no trial.
    """
    if revealed.keys() != wanted.keys():
        odd = ", ".join(sorted(revealed.keys() ^ wanted.keys()))
        raise BadInput(name, f"only one side has the tasks {odd}", "Give a user's messages of all his tasks, no others")
    for task, context in wanted.items():
        if not revealed[task]:
            raise BadInput(name, f"task {task!r} has no trial", "Give at least one message a task")
        yield Context(*context), revealed[task]
