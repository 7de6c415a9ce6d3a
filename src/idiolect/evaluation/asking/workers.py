"""Several processes share an experiment's work; one, who hands it out, alone writes to the ledger."""

from __future__ import annotations

import multiprocessing as mp
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from queue import Empty
from typing import Any

from idiolect.core.errors import IdiolectError
from idiolect.evaluation.asking.study import Study
from idiolect.evaluation.entries import Entry
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.ledger import Ledger, Line

PATIENCE = 2.0  # seconds between looks at whether all workers live
COSTS = "costs"  # what a line of the ledger's second file is sent under


@dataclass(frozen=True, kw_only=True)
class Unit:
    """What one process does in one go: a method under one seed, with those that reuse what it learns."""

    names: tuple[str, ...]
    seed: int


def units(study: Study, plan: Sequence[tuple[Entry, int]]) -> list[Unit]:
    """In the plan's order. Compositions that learn apart stand with their parts, whose trainings they reuse."""
    home = {name: name for name in study.entries}
    for one in study.entries.values():
        if one.apart:
            home |= {part: one.name for part in one.parts if part in home}
    found: dict[tuple[str, int], list[str]] = {}
    for one, seed in plan:
        found.setdefault((home[one.name], seed), []).append(one.name)
    return [Unit(names=tuple(names), seed=seed) for (_, seed), names in found.items()]


def answers(study: Study, todo: Sequence[Unit], jobs: int) -> Iterator[tuple[str, list[Line]]]:
    """(what is being done, lines for the ledger), as the workers find them; costs are noted on the way.

    Raises:
        IdiolectError: a worker failed or was killed; what was found before stands in the ledger.
    """
    context = mp.get_context("spawn")
    inbox, outbox = context.Queue(), context.Queue()
    given = (study.experiment, study.ledger.folder, inbox, outbox)
    workers = [context.Process(target=_work, args=given, daemon=True) for _ in range(min(jobs, len(todo)))]
    try:
        for worker in workers:
            worker.start()
        for _ in workers:  # nothing is written before all have read the ledger
            _next(outbox, workers)
        for unit in (*todo, *(None for _ in workers)):
            inbox.put(unit)
        left = len(workers)
        while left:
            what, lines = _next(outbox, workers)
            if what == COSTS:
                study.ledger.add_costs(lines)
            elif what:
                yield what, lines
            else:
                left -= 1
    finally:
        for worker in workers:
            worker.terminate()


def _next(outbox: Any, workers: Sequence[BaseProcess]) -> tuple[str, Any]:
    """What comes next from any of them: ("", None) when one is ready, or done."""
    while True:
        try:
            what, found = outbox.get(timeout=PATIENCE)
        except Empty:
            if any(w.exitcode for w in workers):
                raise IdiolectError(
                    "a worker was killed, perhaps for want of memory. Run it again with fewer --jobs: it goes on."
                ) from None
        else:
            if isinstance(found, Failure):
                raise IdiolectError(found.said)
            return what, found


@dataclass(frozen=True)
class Failure:
    """What stopped a worker, in words: errors of any kind travel so."""

    said: str


class Relay(Ledger):
    """A worker's ledger: reads the files once, and sends what is added to the one who writes."""

    def __init__(self, folder: Path, outbox: Any) -> None:
        super().__init__(folder)
        self.outbox, self._costs = outbox, list(super().costs())

    def costs(self) -> Iterator[Line]:
        return iter(self._costs)

    def add_costs(self, costs: Line) -> None:
        self._costs.append(costs)
        self.outbox.put((COSTS, costs))


def _work(experiment: Experiment, folder: Path, inbox: Any, outbox: Any) -> None:
    """One process: ready, then unit by unit until there are none."""
    try:
        import torch

        torch.set_num_threads(1)
        study = Study(experiment, Relay(folder, outbox))
        assert study.model.digest  # it is open before there is any work
        outbox.put(("", None))
        for unit in iter(inbox.get, None):
            for name in unit.names:
                for sent in study.answers(study.entries[name], unit.seed):
                    outbox.put(sent)
        outbox.put(("", None))
    except Exception as error:
        outbox.put(("failed", Failure(str(error) if isinstance(error, IdiolectError) else repr(error))))
