"""Next item from a history of items: counted neighbours, and what follows what (leave one out, all items ranked).

popular       how often the item occurs
item kNN      sum over the history of cosine(i, j) over users
decay         the same, an item k steps back counts decay^k
Markov        1 / gap for pairs up to 5 apart, over the root of both frequencies, plus .3 of the item cosine;
              summed over the last 5 items with decay .6
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from idiolect.core.errors import MissingExtra
from idiolect.evaluation.benchmarks.card import digest
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats

Histories: TypeAlias = Sequence[NDArray[np.int64]]
Weigher: TypeAlias = Callable[[int], Floats]  # of the n items of a history, oldest first

GAP, LAST, DECAY, SHARE, CHUNK = 5, 5, 0.6, 0.3, 1024
CUTS = (5, 10, 20)
TUNED = 2000  # users that are enough to choose two weights
MIXES = tuple((a, b) for a in (0.0, 0.3, 0.6, 1.0) for b in (0.0, 0.1, 0.3))


class Counts:
    """What the training parts of all histories say of items."""

    def __init__(self, histories: Histories, items: int) -> None:
        try:
            from scipy import sparse
        except ImportError as error:
            raise MissingExtra("scipy", "eval") from error
        self._sparse, self.items = sparse, items
        users = np.concatenate([np.full(len(h), u) for u, h in enumerate(histories)])
        flat = np.concatenate(list(histories))
        seen = sparse.csr_matrix((np.ones(len(flat)), (users, flat)), shape=(len(histories), items))
        self.popular: Floats = np.asarray(seen.sum(axis=0)).ravel()
        seen.data[:] = 1.0
        norm = np.sqrt(np.maximum(np.asarray(seen.sum(axis=0)).ravel(), 1.0))
        scaled = seen @ sparse.diags(1 / norm)
        self.cosine: Any = (scaled.T @ scaled).tocsr()
        self.cosine.setdiag(0)
        self.follows: Any = self._follows(histories)

    def _follows(self, histories: Histories) -> Any:
        """(i, j): how often j comes after i, near counts more."""
        rows, columns, values = [], [], []
        for gap in range(1, GAP + 1):
            for h in histories:
                rows.append(h[:-gap])
                columns.append(h[gap:])
                values.append(np.full(max(len(h) - gap, 0), 1 / gap))
        shape = (self.items, self.items)
        counts = self._sparse.csr_matrix(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))), shape=shape
        )
        root = self._sparse.diags(1 / np.sqrt(np.maximum(self.popular, 1.0)))
        return (root @ counts @ root).tocsr()

    def weighed(self, histories: Histories, weigh: Weigher) -> Any:
        """(u, items) sparse: each history's items with their weights."""
        users = np.concatenate([np.full(len(h), u) for u, h in enumerate(histories)])
        values = np.concatenate([weigh(len(h)) for h in histories])
        flat = np.concatenate(list(histories))
        return self._sparse.csr_matrix((values, (users, flat)), shape=(len(histories), self.items))


def flat(length: int) -> Floats:
    """Every item counts the same."""
    return np.ones(length)


def decaying(rate: float, last: int = 0) -> Weigher:
    """An item k steps back counts rate^k; `last`: only so many items, 0 for all."""

    def weigh(length: int) -> Floats:
        steps = np.arange(length - 1, -1, -1)
        return np.where((steps < last) | (last == 0), rate**steps, 0.0)

    return weigh


def scores(counts: Counts, histories: Histories) -> dict[str, Floats]:
    """(u, items) by method, for a chunk of users."""
    recent = counts.weighed(histories, decaying(DECAY, LAST))
    return {
        "popular": np.tile(counts.popular, (len(histories), 1)),
        "item kNN": _dense(counts.weighed(histories, flat) @ counts.cosine),
        "item kNN, decay .7": _dense(counts.weighed(histories, decaying(0.7)) @ counts.cosine),
        "Markov (gap <= 5) + kNN": _dense(recent @ counts.follows + SHARE * (recent @ counts.cosine)),
    }


def _dense(matrix: Any) -> Floats:
    found: Floats = np.asarray(matrix.todense())
    return found


def places(found: Floats, histories: Histories, targets: NDArray[np.int64]) -> Floats:
    """(u,) place of each target among all items outside the history; ties share their mean place."""
    masked = found.copy()
    for u, h in enumerate(histories):
        masked[u, h] = -np.inf
    of = np.take_along_axis(found, targets[:, None], axis=1)
    above, equal = (masked > of).sum(axis=1), (masked == of).sum(axis=1)
    mean_place: Floats = above + (equal + 1) / 2
    return mean_place


def measure(names: Sequence[str], whole: Histories, items: int) -> Iterator[Row]:
    """Every baseline on everybody's last item; ours: its mixture chosen on half of the users, reported on the other.

    Args:
        whole: items of each user, oldest first, at least three.
    """
    counts = Counts([h[:-2] for h in whole], items)
    targets = np.array([h[-1] for h in whole])
    found = _ranked(counts, [h[:-1] for h in whole], targets)
    for method, ranks in found.items():
        yield from _rows(Label("all", method), ranks, names)
    half = np.array([digest(f"tune/{n}") % 2 for n in names], dtype=bool)
    mix = _tuned(counts, [whole[i] for i in np.flatnonzero(half).tolist()[:TUNED]])
    rest = np.flatnonzero(~half).tolist()
    kept = [names[i] for i in rest]
    for method, ranks in found.items():
        yield from _rows(Label("half of the users", method), ranks[rest], kept)
    mine = [whole[i][:-1] for i in rest]
    strangers = [mine[(i + 1) % len(mine)] for i in range(len(mine))]
    title = "Markov + recent kNN + popular, weights from the other half"
    for label, histories in (
        (Label("half of the users", title, ours=True), mine),
        (Label("half of the users", "the same under another's history", ours=True, control=True), strangers),
    ):
        ranks = np.concatenate([r for _, r in _mixed(counts, histories, targets[rest], [mix])])
        yield from _rows(label, ranks, kept)


def _tuned(counts: Counts, whole: Histories) -> tuple[float, float]:
    """The mixture with the best NDCG@10 on these users' items before the last."""
    found: dict[tuple[float, float], list[float]] = {}
    targets = np.array([h[-2] for h in whole])
    for mix, ranks in _mixed(counts, [h[:-2] for h in whole], targets, MIXES):
        found.setdefault(mix, []).extend(_gains(ranks, 10))
    return max(found, key=lambda mix: float(np.mean(found[mix])))


def _mixed(
    counts: Counts, histories: Histories, targets: NDArray[np.int64], mixes: Sequence[tuple[float, float]]
) -> Iterator[tuple[tuple[float, float], Floats]]:
    """(mixture, places) chunk by chunk: what follows, plus `a` of recent neighbours, plus `b` of log popularity."""
    popular = np.log1p(counts.popular) / max(float(np.log1p(counts.popular).max()), 1.0)
    for start in range(0, len(histories), CHUNK):
        part, wanted = histories[start : start + CHUNK], targets[start : start + CHUNK]
        recent = counts.weighed(part, decaying(DECAY, LAST))
        follows, near = _dense(recent @ counts.follows), _dense(counts.weighed(part, decaying(0.8)) @ counts.cosine)
        for mix in mixes:
            yield mix, places(follows + mix[0] * near + 0.1 * mix[1] * popular, part, wanted)


def _ranked(counts: Counts, histories: Histories, targets: NDArray[np.int64]) -> dict[str, Floats]:
    found: dict[str, list[Floats]] = {}
    for start in range(0, len(histories), CHUNK):
        part = histories[start : start + CHUNK]
        for method, values in scores(counts, part).items():
            found.setdefault(method, []).append(places(values, part, targets[start : start + CHUNK]))
    return {method: np.concatenate(parts) for method, parts in found.items()}


def _gains(ranks: Floats, k: int) -> Floats:
    return np.where(ranks <= k, 1 / np.log2(ranks + 1), 0.0)


def _rows(label: Label, ranks: Floats, names: Sequence[str]) -> Iterator[Row]:
    for k in CUTS:
        yield mean(label, f"HR@{k}", (ranks <= k).astype(np.float64), names)
        yield mean(label, f"NDCG@{k}", _gains(ranks, k), names)
