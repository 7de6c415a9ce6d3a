"""Which of a few replies fits a person: the one most like what is known of him, by words alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import digest
from idiolect.evaluation.benchmarks.rows import Label, Row, mean


@dataclass(frozen=True, slots=True)
class Choice:
    """What is known of a person, the replies to choose from, and the place of the right one."""

    owner: str
    part: str
    known: str
    options: tuple[str, ...]
    right: int


def shuffled(right: str, wrong: Sequence[str], key: str) -> tuple[tuple[str, ...], int]:
    """The options and the place of the right one, by md5 of the key: ties go to the first, so no place may be fixed."""
    place = digest(f"place/{key}") % (len(wrong) + 1)
    return (*wrong[:place], right, *wrong[place:]), place


def measure(choices: Sequence[Choice]) -> Iterator[Row]:
    """Accuracy over all and by part: likest to the person, likest to another person, and the longest."""
    other = _others(choices)
    methods = {
        Label("", "most like the user (BM25)", ours=True): [c.known for c in choices],
        Label("", "most like another user", ours=True, control=True): [choices[o].known for o in other],
    }
    right = {
        label: [_likest(c, k) == c.right for c, k in zip(choices, known, strict=True)]
        for label, known in methods.items()
    }
    right[Label("", "the longest option")] = [int(np.argmax([len(o) for o in c.options])) == c.right for c in choices]
    parts = sorted({c.part for c in choices})
    for part in ("all", *parts) if len(parts) > 1 else ("all",):
        mine = [i for i, c in enumerate(choices) if part in ("all", c.part)]
        owners = [choices[i].owner for i in mine]
        for label, hits in right.items():
            named = Label(part, label.method, label.ours, label.control)
            yield mean(named, "accuracy", [float(hits[i]) for i in mine], owners)


def _others(choices: Sequence[Choice]) -> list[int]:
    """For each choice the next one of somebody else, around the end; its own where there is nobody else."""
    n, following = len(choices), -1
    found = list(range(n))
    for i in reversed(range(2 * n)):  # from the back and twice round: the next of the same owner knows his follower
        after = (i + 1) % n
        following = after if choices[after].owner != choices[i % n].owner else following
        if i < n and following >= 0:
            found[i] = following
    return found


def _likest(choice: Choice, known: str) -> int:
    return ranking.order(ranking.Lexical(choice.options).scores(known))[0]
