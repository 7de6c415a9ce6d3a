"""Texts for several users of the same document: do they differ as the users' own texts differ?

The statistics are (m, m, 6 D): for each pair of the m users and each of the D documents the distance of their own
texts, of the model's texts for them, of the first user's own text and of the model's text to the document, of the
model's text to the user's own, and whether both users are there. Nobody forms a pair with himself: where a bootstrap
draws a user twice, his two copies are no pair, but both count for the others.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.metrics.card import Floats, Named, ratio

EPSILON = 1e-5  # the authors': two differences of 0 agree fully
CHANNELS = 6


class Wanted(NamedTuple):
    """A reference: the text that a user wrote of a document himself. `source` is the document's text."""

    user: str
    document: str
    text: str
    source: str


class Block(NamedTuple):
    """One document of p users: distances (p, p) between own texts and between the model's, the others (p,)."""

    own: Floats
    model: Floats
    own_source: Floats
    model_source: Floats
    missed: Floats
    users: Floats  # (..., p) their weights


def people(references: Sequence[Wanted]) -> list[str]:
    """The m users, in the order of the statistics' rows: the owners that a comparison wants."""
    return sorted({r.user for r in references})


@dataclass(frozen=True)
class Personal(Named):
    """
    Args:
        distance: a metric of texts with a finite range, turned into a distance in [0, 1]: ``jsd``, ``rouge_l``, ...
        weighted: False is the authors' simplified form: raw distances, not weighed by how far a text is from its
            document.
    """

    distance: str = "jsd"
    weighted: bool = True

    def statistics(self, predictions: Sequence[str], references: Sequence[Wanted]) -> Floats:
        """(m, m, 6 D).

        Raises:
            BadInput: two texts of one user on one document, or no document that two users wrote of.
        """
        users = {user: row for row, user in enumerate(people(references))}
        documents: dict[str, dict[int, int]] = {}
        for place, wanted in enumerate(references):
            rows = documents.setdefault(wanted.document, {})
            if users[wanted.user] in rows:
                what = f"user {wanted.user!r} has two texts on document {wanted.document!r}"
                raise BadInput(self.name, what, "Keep one")
            rows[users[wanted.user]] = place
        shared = [rows for rows in documents.values() if len(rows) > 1]
        if not shared:
            raise BadInput(self.name, "no document has texts of two users", "Give every document to several users")
        table = np.zeros((len(users), len(users), CHANNELS * len(shared)))
        for number, rows in enumerate(shared):
            here, places = list(rows), list(rows.values())
            part = self._distances([predictions[p] for p in places], [references[p] for p in places])
            table[np.ix_(here, here, range(CHANNELS * number, CHANNELS * (number + 1)))] = part
        return table

    def _distances(self, said: Sequence[str], wanted: Sequence[Wanted]) -> Floats:
        """(p, p, 6) of one document."""
        apart, size = distance(self.distance), len(said)
        own, sources = [w.text for w in wanted], [w.source for w in wanted]
        part = np.ones((size, size, CHANNELS))
        for channel, texts in enumerate((own, said)):
            found = apart([a for a in texts for _ in texts], [b for _ in texts for b in texts])
            part[:, :, channel] = found.reshape(size, size)
        for channel, (a, b) in enumerate(((own, sources), (said, sources), (said, own)), 2):
            part[:, :, channel] = apart(a, b)[:, None]
        return part

    def blocks(self, statistics: Floats, weights: Floats) -> Iterator[Block]:
        """Document by document, with the (..., p) weights of those who are there."""
        for start in range(0, statistics.shape[-1], CHANNELS):
            channels = statistics[:, :, start : start + CHANNELS]
            here = np.flatnonzero(channels[..., -1].any(axis=1))
            part = channels[np.ix_(here, here)]
            first = part[:, 0]
            yield Block(part[..., 0], part[..., 1], first[:, 2], first[:, 3], first[:, 4], weights[..., here])

    def responsive(self, block: Block) -> tuple[Floats, Floats]:
        """Dev (..., p) of each user, and his weight: 0 for who has nobody beside him."""
        others = block.users[..., None, :] * (1 - np.eye(len(block.own)))  # (..., p, p): nobody beside himself
        own, model = block.own, block.model
        if self.weighted:
            own, model = shares(own, block.own_source, others), shares(model, block.model_source, others)
        alike = (np.minimum(own, model) + EPSILON) / (np.maximum(own, model) + EPSILON)
        count = others.sum(axis=-1)
        dev = np.divide((alike * others).sum(axis=-1), count, out=np.zeros_like(count), where=count > 0)
        return dev, block.users * (count > 0)

    def mean(self, statistics: Floats, weights: Floats, value: Callable[[Block], tuple[Floats, Floats]]) -> Floats:
        """(...): over the documents, of the weighed mean over the users of (..., p) values and weights."""
        parts = [value(block) for block in self.blocks(statistics, weights)]
        means = np.stack([ratio((v * w).sum(axis=-1), w.sum(axis=-1)) for v, w in parts])
        there = ~np.isnan(means)  # a draw may leave a document with one user
        return ratio(np.where(there, means, 0.0).sum(axis=0), there.sum(axis=0).astype(np.float64))

    def degress(self, statistics: Floats, weights: Floats) -> Floats:
        """(...): 1 where the model's texts differ as the users' own do."""
        return self.mean(statistics, weights, self.responsive)


def shares(apart: Floats, source: Floats, others: Floats) -> Floats:
    """softmax_k(d_jk / d_j) d_jk over the others k, each as often as he was drawn.

    Args:
        apart: (p, p) distances between users' texts.
        source: (p,) of each text to the document; where it is 0, the softmax is flat.
        others: (..., p, p) weights, 0 on the diagonal.
    """
    size = source[:, None]
    raised = np.divide(apart, size, out=np.zeros_like(apart), where=size > 0)
    off = np.where(np.eye(len(apart), dtype=bool), -np.inf, raised)
    power = np.exp(raised - off.max(axis=1, keepdims=True)) * (1 - np.eye(len(apart)))
    whole = (others * power).sum(axis=-1, keepdims=True)
    found: Floats = np.divide(power * apart, whole, out=np.zeros_like(others), where=whole > 0)
    return found


def distance(name: str) -> Callable[[Sequence[str], Sequence[str]], Floats]:
    """A metric of that name as a distance in [0, 1], (n,) for n pairs of texts.

    Raises:
        BadInput: its range has no end.
    """
    from idiolect.evaluation.metrics import each, get

    metric = get(name)
    low, high = metric.card.low, metric.card.high
    if math.isinf(low) or math.isinf(high):
        raise BadInput(
            name, f"its range is {metric.card.range}", "Take a metric of texts with a finite range as distance"
        )

    def apart(a: Sequence[str], b: Sequence[str]) -> Floats:
        scaled = np.clip((each(metric, metric.statistics(a, b)) - low) / (high - low), 0, 1)
        return 1 - scaled if metric.higher_is_better else scaled

    return apart
