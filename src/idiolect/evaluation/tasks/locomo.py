"""LoCoMo without a language model: do the retrievers find the turns, and the sessions, that hold the evidence?

Protocol: one index a conversation; the query is the question alone; a turn is ``speaker: text [image: caption]``.
Turn recall R@k is the share of the evidence turns among the first k. Of sessions, which count if they hold an evidence
turn: Hit@1, R@3, R@5 and MRR. BM25 sees a session's text as one document, dense retrieval scores a session by its best
turn, recency by its day, and the fusion adds both orders. Questions whose evidence does not exist are left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from idiolect.core.errors import BadInput, UnknownName
from idiolect.core.types import Record, Turn
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers.locomo import CATEGORIES, read
from idiolect.evaluation.experiment import Experiment
from idiolect.evaluation.ledger import Ledger, Line
from idiolect.retrieval.bm25 import BM25
from idiolect.retrieval.dense import Dense
from idiolect.retrieval.fuse import Fuse
from idiolect.retrieval.protocol import Hits, Retriever
from idiolect.retrieval.recency import Recency

Ranking: TypeAlias = Sequence[str]
Found: TypeAlias = Callable[[Ranking, frozenset[str]], float]

DEPTH = 50
SHOWN = 10  # ids that a line of the ledger keeps


def recall(k: int) -> Found:
    """Share of what is wanted among the first k."""
    return lambda ranking, wanted: len(wanted.intersection(ranking[:k])) / len(wanted)


def hit(ranking: Ranking, wanted: frozenset[str]) -> float:
    """1 where the first is wanted."""
    return float(bool(ranking) and ranking[0] in wanted)


def reciprocal(ranking: Ranking, wanted: frozenset[str]) -> float:
    """1 / the place of the first that is wanted."""
    return next((1 / place for place, name in enumerate(ranking, 1) if name in wanted), 0.0)


TURNS: dict[str, Found] = {f"turn R@{k}": recall(k) for k in (5, 10, 25, 50)}
SESSIONS: dict[str, Found] = {
    "session Hit@1": hit,
    "session R@3": recall(3),
    "session R@5": recall(5),
    "session MRR": reciprocal,
}
TASKS = {**TURNS, **SESSIONS}
KINDS = ", ".join(list(CATEGORIES.values())[:4])  # the fifth has no right answer


@dataclass(frozen=True)
class BestTurn:
    """Ranks sessions by the best turn of each, under a retriever of turns."""

    turns: Sequence[Turn]
    by: Retriever

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        hits = self.by.rank(query, self.turns, len(self.turns))
        session = {t.id: t.session for t in self.turns}
        order = tuple(dict.fromkeys(session[i] for i in hits.ids))[:k]
        return Hits(ids=order, scores=tuple(-float(n) for n in range(len(order))))


def retrievers(turns: Sequence[Turn]) -> dict[str, tuple[Retriever, Retriever]]:
    """By name: what ranks turns, and what ranks sessions."""
    dense, best = Dense(), BestTurn(turns, Dense())
    both: tuple[tuple[str, Retriever], ...] = (("bm25", BM25()), ("dense", dense))
    whole: tuple[tuple[str, Retriever], ...] = (("bm25", BM25()), ("dense", best))
    return {
        "bm25": (BM25(), BM25()),
        "dense": (dense, best),
        "recency": (Recency(), Recency()),
        "fuse": (Fuse(retrievers=both), Fuse(retrievers=whole)),
    }


def ranked(experiment: Experiment) -> bool:
    """Whether retrievers are to rank LoCoMo's turns: on its data, unless kinds of question are asked: those a model
    answers."""
    path, asked = Path(experiment.data), {*experiment.tasks, *chain.from_iterable(experiment.plan.values())}
    if not experiment.data or (asked and asked <= set(CATEGORIES.values())):
        return False
    return any(path.glob("locomo*.json*")) if path.is_dir() else path.name.startswith("locomo")


def evaluate(experiment: Experiment, ledger: Ledger, tell: Callable[[str, int, int], None]) -> None:
    """Ranks what the ledger does not hold yet; the base is the newest turn first.

    Raises:
        UnknownName: a retriever or figure that does not exist.
        BadInput: the file cannot be read, or more is asked for than ranking gives.
    """
    if experiment.metrics or experiment.models:
        what = "without a model, LoCoMo's figures are its own, and take neither `metrics` nor `models`"
        raise BadInput("experiment", what, f"Leave these out, or name its kinds of question as tasks: {KINDS}")
    dataset = read(experiment.data)
    asked = [q for q in dataset.questions if q.evidence]
    if not asked:
        raise BadInput(experiment.data, "no question has evidence", "Give LoCoMo's file as it was published")
    names, tasks = _chosen(experiment)
    total, given = len(asked) * len(names), 0
    for name in names:
        for user in dataset.people:
            mine = [q for q in asked if q.user == user]
            tell(f"{name}: {user}", given, total)
            ledger.add(line for q in mine for line in _lines(name, q, dataset, tasks, ledger))
            given += len(mine)
    tell("done", given, total)


def _chosen(experiment: Experiment) -> tuple[list[str], list[str]]:
    known = list(retrievers(()))
    names = [n for m in experiment.methods or ("ipa",) for n in (known if m == "ipa" else [m])]
    for name in names:
        if name not in known:
            raise UnknownName("retriever", name, [*known, "ipa"])
    for task in experiment.tasks:
        if task not in TASKS:
            raise UnknownName("figure of LoCoMo", task, TASKS)
    return list(dict.fromkeys(names)), list(experiment.tasks or TASKS)


def _lines(name: str, question: Asked, dataset: Dataset, tasks: Sequence[str], ledger: Ledger) -> Iterator[Line]:
    turns = [t for t in dataset.people[question.user] if isinstance(t, Turn)]
    for arm, by in (("own", name), ("base", "recency")):
        missing = [t for t in tasks if (name, t, 0, arm, -1, question.user, question.id) not in ledger]
        if not missing:
            continue
        start = time.perf_counter()
        ranked = _ranked(retrievers(turns)[by], question, turns)
        milliseconds = round((time.perf_counter() - start) * 1000, 3)
        for task in missing:
            ranking, wanted = ranked["turn" if task in TURNS else "session"]
            yield {
                "method": name,
                "task": task,
                "seed": 0,
                "arm": arm,
                "user": question.user,
                "query": question.id,
                "question": question.query.text,
                "prediction": " ".join(ranking[:SHOWN]),
                "target": " ".join(sorted(wanted)),
                "score": TASKS[task](ranking, wanted),
                "prompt_tokens": 0,
                "milliseconds": milliseconds,
                "metric": f"{task}@1",
                "higher_is_better": True,
                "kind": question.task,
            }


def _ranked(
    pair: tuple[Retriever, Retriever], question: Asked, turns: Sequence[Turn]
) -> Mapping[str, tuple[Ranking, frozenset[str]]]:
    session = {t.id: t.session for t in turns}
    wanted = frozenset(question.evidence)
    by_turn, by_session = pair
    return {
        "turn": (by_turn.rank(question.query.text, turns, DEPTH).ids, wanted),
        "session": (
            by_session.rank(question.query.text, sessions(turns), len(turns)).ids,
            frozenset(session[e] for e in wanted),
        ),
    }


def sessions(turns: Sequence[Turn]) -> list[Turn]:
    """Each session as one record with all its text."""
    together: dict[str, list[Turn]] = {}
    for turn in turns:
        together.setdefault(turn.session, []).append(turn)
    return [replace(t[0], id=name, text="\n".join(turn.text for turn in t)) for name, t in together.items()]
