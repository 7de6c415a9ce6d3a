"""What all methods of an experiment share, and one method under one seed: what is missing, and its answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from idiolect import config, registry
from idiolect.core.layout import line
from idiolect.core.types import UserData
from idiolect.data.policy import PROVIDER
from idiolect.evaluation.asking import arms, grains, respond
from idiolect.evaluation.asking.controls import shuffled
from idiolect.evaluation.asking.opened import destination, gives, opened, short
from idiolect.evaluation.asking.pooling import Prepared, pooled
from idiolect.evaluation.asking.respond import Answer, Asked, Ready
from idiolect.evaluation.costs import Metered, bytes_at_rest, parameters
from idiolect.evaluation.entries import Entry, called, entry, pairs, trained
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.ledger import FULL, Ledger, Line
from idiolect.evaluation.metrics import checked
from idiolect.evaluation.tasks import Question, Source
from idiolect.evaluation.tasks.opening import open_source
from idiolect.governance.view import population, view

SHARED = ("base", "copy")  # arms that are the same for every method and seed: run once, noted under each
SAMPLED = 8  # users whose own is written to measure its size
SHOWN = 4  # records noted for an answer


@dataclass(frozen=True, kw_only=True)
class Cell:
    """The answers of one method, task, seed and arm that are still missing."""

    task: str
    arm: str
    history: int
    questions: tuple[Question, ...]


class Study:
    """One experiment on its users: what all methods share."""

    def __init__(self, experiment: Experiment, ledger: Ledger, model: Any = None, source: Source | None = None) -> None:
        """
        Args:
            model: an open one in place of the one that the experiment names, which is opened when it is needed.
            source: of the questions, where it is open already.
        """
        self.experiment, self.ledger, self.given = experiment, ledger, model
        self.source, self.presets = source or open_source(experiment), config.load(experiment.presets)
        names = experiment.methods or tuple(registry.names())
        known = [entry(m, self.presets, experiment.tasks or experiment.plan.get(m, ())) for m in names]
        self.access = model.access if model is not None else gives(experiment.model)
        self.beyond = [e for e in known if e.access > self.access]
        entries = [e for e in known if e.access <= self.access]
        self.tasks: Mapping[str, Sequence[str]] = pairs(experiment, entries, self.source.tasks)
        self.entries = {e.name: e for e in entries}
        self.on = short(experiment.model) if experiment.models else ""
        store, where = self.source.store(), destination(experiment) if model is None else "local"
        for user in store.users() if where == "provider" else ():  # who states the address answers for it
            store.consent(user, *store.consents(user), PROVIDER)
        self.data = {u: view(store, u, destination=where) for u in self.source.users}
        self.learners: Sequence[UserData] = population(store, self.source.learners, destination=where)
        self.other = arms.permuted(self.data, self.source.person)
        self.lines = {(u, r.id): line(r) for u, d in self.data.items() for r in d.records}
        mine = (e for e in ledger.examples() if e["arm"] in SHARED and e.get("model", "") == self.on)
        self.shared = {_shared(e): e for e in mine}

    @cached_property
    def model(self) -> Metered:
        """What answers; it notes what it is asked."""
        return Metered(opened(self.experiment, self.given))

    @cached_property
    def prepared(self) -> Prepared:
        """The methods that have learnt and adapted."""
        again = {part for e in self.entries.values() if e.apart for part in e.parts}
        return Prepared(learners=self.learners, people=self.data, model=self.model, shared=again)

    def called(self, one: Entry) -> str:
        """What a method is called in this model's answers."""
        return called(one.name, self.on)

    @cached_property
    def copy(self) -> arms.Copy:
        return arms.Copy(self.source, self.learners)

    def seeds(self, one: Entry) -> tuple[int, ...]:
        """All seeds for a method that draws random numbers, the first for the others."""
        return self.experiment.seeds if one.draws else self.experiment.seeds[:1]

    def answers(self, one: Entry, seed: int) -> Iterator[tuple[str, list[Line]]]:
        """(what is being done, lines for the ledger): first none at all, then batch by batch."""
        for (tasks, arm), cells in self._lessons(one, seed).items():
            runner = Runner(self, entry(one.name, self.presets, tasks), seed, tasks, arm)
            for cell in cells:
                short = "" if cell.history == FULL else f" with {cell.history} records"
                what = f"{self.called(one)}, {cell.task}, seed {seed}: {cell.arm}{short}"
                yield what, []
                for batch in runner.known_or_new(cell):
                    yield what, batch

    def _lessons(self, one: Entry, seed: int) -> dict[tuple[tuple[str, ...], str], list[Cell]]:
        """What is still to be answered, by the tasks that are learnt in one go and what that is noted as: each task by
        itself, or all together; and all but the one asked, where the others are to teach it."""
        tasks, found = tuple(self.tasks[one.name]), dict[tuple[tuple[str, ...], str], list[Cell]]()
        for cell in self.cells(one, seed):
            key = ((cell.task,) if one.each else tasks, "own")
            if one.told and cell.arm == "across":
                key = (_others(cell.task, tasks) or _others(cell.task, self.source.tasks), "across")
            found.setdefault(key, []).append(cell)
        return found

    def cells(self, one: Entry, seed: int) -> list[Cell]:
        """What is still to be answered."""
        first = seed == self.experiment.seeds[0]
        wanted = [(arm, FULL) for arm in self.experiment.arms if self._applies(arm, one, first)]
        learnt = any(c.through == "learn" for c in one.cards)  # knows users by what it learnt: with less it meets none
        grown = [arm for arm in ("own", "group") if first and not learnt and arm in self.experiment.arms]
        wanted += [(arm, length) for arm in grown for length in self.experiment.history]
        found = []
        for task in self.tasks[one.name]:
            for arm, history in wanted:
                missing = tuple(
                    q
                    for u in self.source.users
                    for q in self.source.questions(u, task)[: self.experiment.queries]
                    if (self.called(one), task, seed, arm, history, q.user, q.id) not in self.ledger
                )
                if missing:
                    found.append(Cell(task=task, arm=arm, history=history, questions=missing))
        return found

    def _applies(self, arm: str, one: Entry, first: bool) -> bool:
        if arm in SHARED:
            return first
        if arm == "swapped":
            return bool(self.other)
        if arm == "pooled":  # who learns from all histories at once is pooled already; compositions meet their parts
            return one.trains and len(one.parts) == 1 and one.method.card.through != "learn"
        return arm != "cousin" or one.cousin is not None


class Runner:
    """One method under one seed: learns when the first cell needs it, then answers cell by cell.

    Args:
        tasks: those that it learns for.
        arm: what its costs are noted as.
    """

    def __init__(self, study: Study, one: Entry, seed: int, tasks: Sequence[str], arm: str) -> None:
        self.study, self.one, self.seed, self.tasks, self.arm = study, one, seed, list(tasks), arm

    @cached_property
    def own(self) -> Ready:
        return self._ready(self.one.method, self.one.name, self.arm)

    @cached_property
    def cousin(self) -> Ready:
        return self._ready(self.one.cousin, self.one.name, "cousin")

    @cached_property
    def pooled(self) -> tuple[UserData, Ready]:
        """A nameless person who has done all that the users did, and what the method makes of him."""
        return pooled(self.own, self.study.data, self.study.model)

    @cached_property
    def shuffled(self) -> tuple[dict[str, UserData], Ready]:
        """Everybody with the times of his records dealt out anew, and what he adapts to under them."""
        data = {u: shuffled(d) for u, d in self.study.data.items()}
        return data, respond.adapt(self.own, data, self.study.model)

    @cached_property
    def grains(self) -> grains.Grains:
        """Who stands for a user where it is not himself."""
        return grains.Grains(self.own, self.study.learners, self.study.model)

    def known_or_new(self, cell: Cell) -> Iterator[list[Line]]:
        """The lines of a cell; what was found of a shared arm for another method is not asked again."""
        shared = self.study.shared
        old = {(q.user, q.id): shared.get((cell.arm, cell.task, q.user, q.id)) for q in cell.questions}
        known = [e for e in old.values() if e]
        if known:
            yield [{**e, "method": self.study.called(self.one), "seed": self.seed} for e in known]
        rest = tuple(q for q in cell.questions if not old[q.user, q.id])
        if rest:
            for batch in self.answers(replace(cell, questions=rest)):
                shared |= {_shared(e): e for e in batch if cell.arm in SHARED}
                yield batch

    def answers(self, cell: Cell) -> Iterator[list[Line]]:
        """Batches of lines for the ledger."""
        if cell.arm == "copy":
            yield [self._line(cell, self._copied(q)) for q in cell.questions]
            return
        ready, asked = self._asked(cell)
        for batch in respond.answer(ready, asked, self.study.model):
            yield [self._line(cell, a) for a in batch]

    def _asked(self, cell: Cell) -> tuple[Ready | None, list[Asked]]:
        study, questions = self.study, cell.questions
        if cell.arm == "base":
            return None, [Asked(question=q) for q in questions]
        if cell.arm in grains.ARMS:
            return self.grains.asked(cell.arm, cell.task, cell.history, questions, study.data)
        if cell.history != FULL:
            return self._short(cell)
        if cell.arm == "swapped":
            other = study.other
            return self.own, [
                Asked(question=q, data=other[q.user], own=self.own.owns[other[q.user].user_id]) for q in questions
            ]
        if cell.arm == "shuffled":
            data, ready = self.shuffled
            return ready, [Asked(question=q, data=data[q.user], own=ready.owns[q.user]) for q in questions]
        if cell.arm == "pooled":
            everybody, ready = self.pooled
            return ready, [Asked(question=q, data=everybody, own=ready.owns[everybody.user_id]) for q in questions]
        ready = self.cousin if cell.arm == "cousin" else self.own
        return ready, [Asked(question=q, data=study.data[q.user], own=ready.owns[q.user]) for q in questions]

    def _short(self, cell: Cell) -> tuple[Ready, list[Asked]]:
        people = {q.user for q in cell.questions}
        data = {u: arms.recent(d, cell.task, cell.history) for u, d in self.study.data.items() if u in people}
        ready = respond.adapt(self.own, data, self.study.model)
        return ready, [Asked(question=q, data=data[q.user], own=ready.owns[q.user]) for q in cell.questions]

    def _copied(self, question: Question) -> Answer:
        text = self.study.copy.answer(question, self.study.data[question.user])
        return Answer(question=question, text=text, data_of=question.user)

    def _ready(self, method: Any, name: str, arm: str) -> Ready:
        study = self.study
        ready = study.prepared.ready(method, name, self.seed)
        named = {"method": called(name, study.on), "seed": self.seed, "arm": arm, "tasks": self.tasks}
        if any(named.items() <= c.items() for c in study.ledger.costs()):
            return ready  # measured before the run was cut off
        owns = list(ready.owns.values())
        sizes = [bytes_at_rest(own, ready.theta) for own in owns[:SAMPLED]]
        study.ledger.add_costs(
            {
                **named,
                "users": len(owns),
                "trained_parameters": max(parameters(trained(method, own)) for own in owns),
                "bytes_per_user": sum(sizes) / len(sizes),
                "learn_seconds": ready.learn_seconds,
                "adapt_seconds": ready.adapt_seconds,
            }
        )
        return ready

    def _line(self, cell: Cell, answer: Answer) -> Line:
        question, metric = answer.question, self.study.source.metric(cell.task)
        statistics = checked(metric, metric.statistics([answer.text], [question.reference]))
        made = {
            "method": self.study.called(self.one),
            "task": cell.task,
            "seed": self.seed,
            "arm": cell.arm,
            "user": question.user,
            "query": question.id,
            "data_of": answer.data_of,
            "question": question.query.text,
            "prediction": answer.text,
            "target": question.target,
            "score": float(metric.reduce(statistics, np.ones((1, 1)))[0]),
            "statistics": [float(s) for s in statistics[0]],
            "prompt_tokens": answer.prompt_tokens,
            "milliseconds": round(answer.milliseconds, 3),
            "metric": metric.signature,
            "higher_is_better": metric.higher_is_better,
        }
        group = self.study.source.group(question.user)
        made |= {k: v for k, v in (("group", group), ("model", self.study.on), ("recalled", answer.recalled)) if v}
        if cell.history != FULL:
            made["history"] = cell.history
        if answer.sources:
            used = [self.study.lines[s] for s in sorted(answer.sources) if s in self.study.lines]
            made |= {"used": used[:SHOWN], "used_count": len(answer.sources)}
        return made


def _others(task: str, tasks: Iterable[str]) -> tuple[str, ...]:
    same = arms.EXAMPLES.get(task, task)
    return tuple(t for t in tasks if arms.EXAMPLES.get(t, t) != same)


def _shared(example: Line) -> tuple[str, str, str, str]:
    return example["arm"], example["task"], example["user"], example["query"]
