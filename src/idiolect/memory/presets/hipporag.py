"""HippoRAG: a graph of what memories are about, and PageRank from what the question is about (Gutierrez et al., 2024).

    p      = (1 - c) * sum_n s(n) e_n + c * P^T p            c = 0.5; P: edges of the graph, each row summing to 1
    s(n)   = 1 / number of records with n                    for the nodes n of the question ("node specificity")
    score  = sum over the nodes of a record of p(n)

The paper's nodes are the noun phrases of triples that a model extracts, joined also where they are synonyms. Here a
node is a stem that tells something, or a name; two nodes are joined by every record that has both, and synonyms by
nothing: a record is so found over a second one that shares a name with the question and another name with it.

Relations: `retrieval.blend` looks at each record alone, but for its neighbours in a session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from idiolect.core.types import Record
from idiolect.memory.consolidate import telling
from idiolect.retrieval.protocol import Hits, best, searched
from idiolect.retrieval.signals.words import Words

STEPS = 50


@dataclass(frozen=True, kw_only=True)
class HippoRAG:
    """`follow` is the paper's damping: how often the walk goes on instead of starting again."""

    follow: float = 0.5

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        import numpy as np

        if not pool:
            return Hits()
        bags = [list(dict.fromkeys(telling(searched(r)))) for r in pool]
        nodes = {node: i for i, node in enumerate(dict.fromkeys(n for bag in bags for n in bag))}
        has = np.zeros((len(pool), len(nodes)))  # (n, V)
        for row, bag in zip(has, bags, strict=True):
            row[[nodes[node] for node in bag]] = 1.0
        index = Words(bags)
        start = np.zeros(len(nodes))
        for node in telling(query):
            if node in nodes:
                start[nodes[node]] = 1.0 / len(index.having(node))
        if not start.any():
            return best(pool, [0.0] * len(pool), k)
        start /= start.sum()
        walk = start
        out, into = np.maximum(has.sum(0), 1.0), np.maximum(has.sum(1), 1.0)
        for _ in range(STEPS):  # from a node to one of its records, from a record to one of its nodes
            walk = (1 - self.follow) * start + self.follow * (((walk / out) @ has.T) / into) @ has
        return best(pool, (has @ walk).round(12).tolist(), k)
