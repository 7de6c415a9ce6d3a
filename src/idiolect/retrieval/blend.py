"""Blend: all signals, each measured against its own corpus, weighed by how far words can be trusted for this question.

    z(s)     = (s - mean s) / std s                                   over all documents of the corpus
    trust    = min(1, max_d likeness(d) / 0.5) ^ 3                0: the words miss; 1: some document has half of them
    score    = z(meaning) + trust * (z(likeness / |d|^0.25) + 0.5 z(words)) + z(moments) + 0.1 z(age)
    score'   = score and what spreads to its neighbours, + trust * z(words of the whole session)

Every document has a place in every list, so that no cut-off decides. A fixed weight of words helps where questions
repeat what was said and hurts where they do not (LoCoMo against iKAT): `trust` tells the two apart without a label.
How the constants were chosen, and on what: docs/retrieval.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from idiolect.core.types import Record, Turn
from idiolect.retrieval.corpus import Corpus, Document, asking, standard
from idiolect.retrieval.dense import MiniLM
from idiolect.retrieval.protocol import Encoder, Hits, Lexicon, best, searched
from idiolect.retrieval.signals.around import groups, neighbours
from idiolect.retrieval.signals.meaning import meaning
from idiolect.retrieval.signals.moment import moments
from idiolect.retrieval.split import pieces
from idiolect.retrieval.stems import telling
from idiolect.retrieval.terms import asked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

HALF, STEEP = 0.5, 3.0  # the share of a question's words that is trusted wholly; how fast trust falls below it
LEAN = 0.5  # weight of the question before one that says little by itself


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One shipped configuration; 0 leaves a signal out."""

    meaning: float = 1.0
    likeness: float = 1.0
    words: float = 0.5
    moments: float = 1.0
    recency: float = 0.1
    around: float = 1.0
    session: float = 1.0


SHIPPED = Weights()


@dataclass(frozen=True, kw_only=True)
class Blended:
    """(n,) scores, the share of each signal in them, and what some are made of: (n,) `covered` shares of the question's
    words, (n,) `cosines` (0 without vectors)."""

    scores: Scores
    shares: Mapping[str, Scores]
    covered: Scores
    cosines: Scores


def blend(
    corpus: Corpus,
    question: str,
    vector: NDArray[np.float32] | None = None,
    *,
    now: float | None = None,
    among: NDArray[np.bool_] | None = None,
    weights: Weights = SHIPPED,
) -> Blended:
    """Scores of all documents.

    Args:
        vector: (d,) of the question, unit length; None leaves meaning out.
        now: when it is asked (POSIX seconds).
        among: (n,) the documents that are wanted, all where it is left out; scores of others mean nothing.
    """
    covered = corpus.likeness.scores(asked(question))  # (n,)
    terms = dict.fromkeys(telling(question), 1.0)
    cosines = corpus.zeros()
    if near := vector is not None and corpus.owners.size > 0:
        assert vector is not None
        cosines = meaning(vector, corpus.pieces, corpus.owners, corpus.count)
    trust = trusted(covered if among is None else covered[among]) if near else 1.0
    shares = {
        "meaning": standard(cosines, among),
        "likeness": trust * standard(covered / corpus.length, among),
        "words": trust * standard(corpus.words.scores(terms), among),
        "moments": standard(moments(question, corpus.times, now), among),
        "recency": standard(corpus.ages, among),
    }
    shares = {name: getattr(weights, name) * share for name, share in shares.items()}
    lines = sum(shares.values(), corpus.zeros())
    shares["around"] = weights.around * (neighbours(lines, corpus.sessions) - lines)
    shares["session"] = weights.session * trust * _sessions(corpus, terms)
    total = lines + shares["around"] + shares["session"]
    return Blended(scores=total, shares=shares, covered=covered, cosines=cosines)


def trusted(covered: Scores) -> float:
    """How far words can be trusted, in [0, 1], from the share of the question's words that each document covers."""
    return float(min(1.0, covered.max(initial=0.0) / HALF) ** STEEP)


def _sessions(corpus: Corpus, terms: Mapping[str, float]) -> Scores:
    """(n,) how well the words of its whole session fit; 0 for what belongs to none."""
    found = corpus.zeros()
    for places, score in zip(groups(corpus.sessions), standard(corpus.whole.scores(terms)), strict=True):
        found[places] = score
    return found


@dataclass(frozen=True, kw_only=True)
class Blend:
    """A retriever for methods: the same blend over a pool of records, oldest first. Without an encoder, words alone."""

    encoder: Encoder | None = field(default=MiniLM())
    weights: Weights = SHIPPED

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        if not pool:
            return Hits()
        corpus = self.corpus(pool)
        made = blend(corpus, query, self.question(query), weights=self.weights)
        hits = best(pool, made.scores.round(9).tolist(), k)
        place = {record.id: i for i, record in enumerate(pool)}
        parts = {name: tuple(float(s[place[id]]) for id in hits.ids) for name, s in made.shares.items()}
        return Hits(ids=hits.ids, scores=hits.scores, parts=parts)

    def corpus(self, pool: Sequence[Record]) -> Corpus:
        """The pool, indexed."""
        documents = [document(record) for record in pool]
        lexicon = self.encoder if isinstance(self.encoder, Lexicon) else None
        if self.encoder is None:
            return Corpus(documents)
        parts = [(place, piece) for place, one in enumerate(documents) for piece in pieces(one.text)]
        rows = self.encoder.encode([piece for _, piece in parts])
        return Corpus(documents, lexicon=lexicon, pieces=rows, owners=[place for place, _ in parts])

    def question(self, query: str, before: str = "") -> NDArray[np.float32] | None:
        """(d,) the vector of a question; one that says little by itself leans on the one before it."""
        if self.encoder is None:
            return None
        other = asking(query, before)
        rows = self.encoder.encode([query, other] if other else [query])
        made = rows[0] + LEAN * rows[-1] if other else rows[0]
        unit: NDArray[np.float32] = made / (float(made @ made) ** 0.5 or 1.0)
        return unit


def document(record: Record) -> Document:
    """A record as it is searched."""
    return Document(text=searched(record), session=record.session if isinstance(record, Turn) else "", time=record.time)
