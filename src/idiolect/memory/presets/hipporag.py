"""HippoRAG 2: triples of what was said, and PageRank from those that fit the question (Gutierrez et al., 2025).

    kept     = the 5 triples that cover most of the question's words
    reset(n) = mean over the kept triples of phrase n of score / number of records with n          phrases
    reset(r) = 0.05 * relevance of record r, scaled to [0, 1]                                      records
    p        = (1 - c) * reset / |reset| + c * P^T p            c = 0.5; P: edges, each row summing to 1
    score    = p(r)

Edges: between the two ends of a triple, as often as they stand in one, and between a record and its phrases. Where no
triple fits, relevance alone decides.

The paper has a model name the triples of a text and keep those of the 5 that matter, and joins phrases that mean the
same. Here three telling words in a row of a clause are a triple; its ends are the phrases, by their stems.

Relations: `retrieval.blend` looks at each record alone, but for its neighbours in a session; `amem` goes one step.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from idiolect.core.types import Record
from idiolect.memory.presets.generative_agents import scaled
from idiolect.retrieval.dense import Dense
from idiolect.retrieval.protocol import Hits, Lexicon, Retriever, best, searched
from idiolect.retrieval.signals.likeness import Likeness
from idiolect.retrieval.stems import EMPTY, stem
from idiolect.retrieval.terms import asked, indexed

if TYPE_CHECKING:
    from numpy.typing import NDArray

Triple = tuple[str, str, str]  # subject, relation, object
CLAUSE = re.compile(r"[.,;:!?\n]+|\b(?:and|but|or|because|while)\b", re.I)
STEPS = 30  # of the walk: what is left out is below 0.5 ** 30


@dataclass(frozen=True, kw_only=True)
class HippoRAG:
    """`follow` is the damping: how often the walk goes on; `lexicon`: words that mean nearly the same fit too."""

    relevance: Retriever = field(default=Dense())
    lexicon: Lexicon | None = None
    follow: float = 0.5
    most: int = 5
    records: float = 0.05

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        hits = self.relevance.rank(query, pool, len(pool))
        stated = [triples(searched(record)) for record in pool]
        every = [triple for several in stated for triple in several]
        fits = Likeness(every, self.lexicon).scores(asked(query)) if every else np.zeros(0)
        kept = [i for i in np.argsort(-fits, kind="stable")[: self.most].tolist() if fits[i] > 0]
        if not kept:
            return Hits(ids=hits.ids[: max(k, 0)], scores=hits.scores[: max(k, 0)])
        graph = Graph(stated)
        reset = np.zeros(graph.size)
        for phrase, scores in _scored([(every[i], float(fits[i])) for i in kept]).items():
            reset[graph.phrases[phrase]] = sum(scores) / len(scores) / graph.having[phrase]
        near = dict(zip(hits.ids, scaled(hits.scores), strict=True))
        reset[: len(pool)] = [self.records * near.get(record.id, 0.0) for record in pool]
        return best(pool, graph.walk(reset, self.follow)[: len(pool)].round(12).tolist(), k)


class Graph:
    """Records first, then phrases, by number; `having`: in how many records a phrase stands."""

    def __init__(self, stated: Sequence[Sequence[Triple]]) -> None:
        ends = [[(stem(a), stem(b)) for a, _, b in several] for several in stated]
        bags = [dict.fromkeys(phrase for pair in pairs for phrase in pair) for pairs in ends]
        self.having = Counter(phrase for bag in bags for phrase in bag)
        self.phrases = {phrase: n for n, phrase in enumerate(self.having, len(stated))}
        self.size = len(stated) + len(self.phrases)
        edges = Counter(tuple(sorted(pair)) for pairs in ends for pair in pairs if pair[0] != pair[1])
        joined = [(self.phrases[a], self.phrases[b], n) for (a, b), n in edges.items()]
        joined += [(record, self.phrases[phrase], 1) for record, bag in enumerate(bags) for phrase in bag]
        one, other, weight = np.array(joined).T
        self._source, self._target = np.r_[one, other], np.r_[other, one]
        self._weight = np.r_[weight, weight] / np.bincount(self._source, np.r_[weight, weight])[self._source]

    def walk(self, reset: NDArray[np.float64], follow: float) -> NDArray[np.float64]:
        """(size,) how often each node is visited by who starts anew at `reset`."""
        start = reset / reset.sum()
        found: NDArray[np.float64] = start
        for _ in range(STEPS):
            moved = np.bincount(self._target, self._weight * found[self._source], minlength=self.size)
            found = (1 - follow) * start + follow * moved
        return found


def triples(text: str) -> list[Triple]:
    """Three telling words in a row; of a clause with two, these, without a word for how they belong together."""
    found: list[Triple] = []
    for clause in CLAUSE.split(text):
        words = [term for term in indexed(clause) if term not in EMPTY]
        if len(words) == 2:
            found.append((words[0], "", words[1]))
        found += zip(words, words[1:], words[2:], strict=False)
    return found


def _scored(kept: Sequence[tuple[Triple, float]]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for (subject, _, target), score in kept:
        for phrase in {stem(subject), stem(target)}:
            found.setdefault(phrase, []).append(score)
    return found
