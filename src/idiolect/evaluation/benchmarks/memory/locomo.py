"""LoCoMo (Maharana et al. 2024): two people's chats over many sessions; which turn, which session holds the answer?

`idiolect evaluate --data` ranks the same with a ledger of every answer; here the baselines and ours stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.core.types import Turn
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers import locomo as reader
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, known, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="LoCoMo",
    source="github.com/snap-research/LoCoMo, data/locomo10.json",
    version="3eb6f2c585f5e1699204e3c3bdf7adc5c28cb376",
    licence="CC BY-NC 4.0",
    split="every conversation in the file; weights are chosen with the one left out that is measured",
    protocol="one index a conversation, the query is the question alone; recall of evidence turns, rank of sessions; "
    "the answer's words in the first ten turns, but for adversarial questions",
    files=("locomo.json",),
)
WEIGHTS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
READ = 10  # turns in which the answer's words are looked for


@dataclass(frozen=True)
class Case:
    """One conversation's questions, scored against the turns and sessions of a conversation.

    Nothing is `wanted` where it is another's: evidence is found in one's own alone.
    """

    name: str
    asked: tuple[Asked, ...]
    texts: tuple[str, ...]  # of the turns
    turns: dict[str, Floats]  # (q, n) by retriever
    sessions: dict[str, Floats]
    wanted: list[set[int]]
    places: list[set[int]]


def read(folder: Path) -> Dataset:
    """Raises:
    BadInput: names the conversation and the turn or question that cannot be read.
    """
    return reader.read(CARD.find(folder, CARD.files[0]))


def count(data: Dataset) -> dict[str, int]:
    """What is in it."""
    turns = sum(len(r) for r in data.people.values())
    evident = sum(bool(q.evidence) for q in data.questions)
    return {"conversations": len(data.people), "turns": turns, "questions": len(data.questions), "evident": evident}


def measure(data: Dataset, encoder: Encoder | None) -> Iterator[Row]:
    """BM25, dense, two fixed fusions; ours: a fusion whose weight the other conversations choose.

    The control asks the same over another's conversation, and is read from the answer's words.
    """
    cases = [_case(data, name, encoder) for name in data.people]
    methods = ["BM25"] if encoder is None else ["BM25", "MiniLM", "fuse 0.4", "fuse 0.6"]
    for method in methods:
        yield from _rows(cases, {c.name: method for c in cases}, Label("all", method))
        yield from _told(cases, {c.name: method for c in cases}, Label("all", method))
    if encoder is None:
        return
    chosen = {c.name: _tuned([o for o in cases if o is not c]) for c in cases}
    ours = Label("all", "fuse, weight from the other conversations", ours=True)
    yield from _rows(cases, chosen, ours)
    yield from _told(cases, chosen, ours)
    strangers = dict(zip(data.people, [*list(data.people)[1:], next(iter(data.people))], strict=True))
    other = [_case(data, name, encoder, strangers[name]) for name in data.people]
    yield from _told(other, chosen, Label("all", "the same over another's conversation", ours=True, control=True))


def _case(data: Dataset, name: str, encoder: Encoder | None, whose: str = "") -> Case:
    """whose: the conversation in which the answers to this one's questions are looked for; empty: its own."""
    turns = [t for t in data.people[whose or name] if isinstance(t, Turn)]
    names = list(dict.fromkeys(t.session for t in turns))
    of_turn = [names.index(t.session) for t in turns]
    asked = tuple(q for q in data.questions if q.user == name and q.evidence)
    queries = [q.query.text for q in asked]
    texts = [t.text for t in turns]
    whole = ["\n".join(t for t, s in zip(texts, of_turn, strict=True) if s == i) for i in range(len(names))]
    by_turn = {"BM25": _lexical(texts, queries)}
    by_session = {"BM25": _lexical(whole, queries)}
    if encoder is not None:
        by_turn["MiniLM"] = ranking.cosines(encoder, queries, texts)
        best = np.full((len(queries), len(names)), -1.0)
        for turn, session in enumerate(of_turn):
            best[:, session] = np.maximum(best[:, session], by_turn["MiniLM"][:, turn])
        by_session["MiniLM"] = best
        for weight in WEIGHTS:
            for scores in (by_turn, by_session):
                scores[f"fuse {weight}"] = ranking.fused(scores["BM25"], scores["MiniLM"], weight)
    place = {t.id: i for i, t in enumerate(turns)}
    wanted = [{place[e] for e in q.evidence} for q in asked] if not whose else []
    return Case(name, asked, tuple(texts), by_turn, by_session, wanted, [{of_turn[i] for i in w} for w in wanted])


def _lexical(documents: list[str], queries: list[str]) -> Floats:
    index = ranking.Lexical(documents)
    return np.stack([index.scores(q) for q in queries])


def _tuned(cases: list[Case]) -> str:
    """The weight with the best turn R@10 on these conversations."""
    found = {f"fuse {w}": np.mean([v for c in cases for v in _recalls(c, f"fuse {w}", 10)]) for w in WEIGHTS}
    return max(found, key=lambda name: found[name])


def _recalls(case: Case, method: str, k: int) -> list[float]:
    pairs = zip(case.turns[method], case.wanted, strict=True)
    return [ranking.recall(ranking.order(scores), wanted, k) for scores, wanted in pairs]


def _rows(cases: list[Case], methods: dict[str, str], label: Label) -> Iterator[Row]:
    owners = [c.name for c in cases for _ in c.wanted]
    ranked = [[ranking.order(s) for s in c.turns[methods[c.name]]] for c in cases]
    for k in (5, 10, 25, 50):
        values = [
            ranking.recall(r, w, k)
            for c, rs in zip(cases, ranked, strict=True)
            for r, w in zip(rs, c.wanted, strict=True)
        ]
        yield mean(label, f"turn R@{k}", values, owners)
    pairs = [(ranking.order(s), w) for c in cases for s, w in zip(c.sessions[methods[c.name]], c.places, strict=True)]
    hits = [float(r[0] in w) for r, w in pairs]
    yield mean(label, "session Hit@1", hits, owners)
    for k in (3, 5):
        yield mean(label, f"session R@{k}", [ranking.recall(r, w, k) for r, w in pairs], owners)
    yield mean(label, "session MRR", [ranking.reciprocal(r, w) for r, w in pairs], owners)
    tens = [
        ranking.recall(r, w, 10) for c, rs in zip(cases, ranked, strict=True) for r, w in zip(rs, c.wanted, strict=True)
    ]
    for name in dict.fromkeys(owners):
        mine = [i for i, owner in enumerate(owners) if owner == name]
        part = Label(name, label.method, label.ours, label.control)
        for metric, values in (("turn R@10", tens), ("session Hit@1", hits)):
            yield mean(part, metric, [values[i] for i in mine], [name] * len(mine))
    kinds = [q.task for c in cases for q in c.asked]
    for kind in dict.fromkeys(kinds):
        mine = [i for i, k in enumerate(kinds) if k == kind]
        part = Label(kind, label.method, label.ours, label.control)
        yield mean(part, "session Hit@1", [hits[i] for i in mine], [owners[i] for i in mine])


def _told(cases: list[Case], methods: dict[str, str], label: Label) -> Iterator[Row]:
    """How much of the answers the first turns say; adversarial questions have none."""
    found = [
        (ranking.told(q.target, q.query.text, [c.texts[i] for i in ranking.order(scores)[:READ]]), c.name)
        for c in cases
        for q, scores in zip(c.asked, c.turns[methods[c.name]], strict=True)
        if q.task != "adversarial"
    ]
    yield from known(label, f"answer's words in {READ} turns", found)
