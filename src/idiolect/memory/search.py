"""Words and sentence vectors, fused by rank (Cormack, Clarke and Buettcher 2009).

    score(d) = 1/R sum_r (60 + 1) / (60 + rank_r(d))        over the R retrievers at work; 1: first in all of them

Candidates come from both lists, so that a rare word is found although no vector is near it, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from idiolect.data.sqlite import lookup, rows
from idiolect.data.sqlite.connection import Connection
from idiolect.data.sqlite.lookup import Wanted
from idiolect.data.sqlite.rows import Row
from idiolect.data.sqlite.unit import Unit
from idiolect.memory.filters import matches
from idiolect.memory.results import fields

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

CONSTANT, DEPTH = 60, 100
CATCH_UP = 64  # missing vectors that a search makes; `flush` makes all
Ranked = list[tuple[int, float]]  # (n of a row, the retriever's own score), best first


@dataclass(frozen=True, kw_only=True)
class Found:
    """`parts`: by retriever, the place in its list (from 1) and its own score (BM25, cosine)."""

    row: Row
    score: float
    parts: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """`moment`: POSIX seconds; `past`: what held then, rather than what is known now."""

    text: str
    top_k: int
    moment: float
    past: bool = False
    filters: Mapping[str, Any] = field(default_factory=dict)


def search(unit: Unit, question: Question, encoder: Encoder | None) -> list[Found]:
    """The best `top_k` rows that hold and pass the filters, best first."""
    vector = None
    if encoder is not None and question.text.strip():
        unit.embed(encoder, CATCH_UP)
        vector = encoder.encode([question.text])[0]  # (d,), before the moment is held: a model is slow
    with unit.reading() as connection:
        wanted = narrowed(connection, question)
        lists = {"words": lookup.having_words(connection, question.text, wanted, DEPTH + question.top_k)}
        if encoder is not None and vector is not None:
            numbers, matrix = unit.matrix(connection, encoder)
            nearest = lookup.kept(connection, _nearest(numbers, matrix @ vector), wanted)
            lists["dense"] = list(islice(nearest, DEPTH + question.top_k))
        best = fused(lists)[: max(question.top_k, 0)]
        read = rows.at(connection, [n for n, _, _ in best])
    return [Found(row=read[n], score=score, parts=parts) for n, score, parts in best if n in read]


def narrowed(connection: Connection, question: Question) -> Wanted:
    """The rows that hold in the moment and pass the filters."""
    wanted = Wanted(moment=question.moment, past=question.past)
    if not question.filters:
        return wanted
    held = rows.at(connection, lookup.valid(connection, wanted))
    return replace(wanted, among={n for n, row in held.items() if matches(question.filters, fields(row))})


def fused(lists: Mapping[str, Ranked]) -> list[tuple[int, float, dict[str, dict[str, float]]]]:
    """(n, score, parts), best first; of equals the newer first."""
    parts: dict[int, dict[str, dict[str, float]]] = {}
    for name, ranked in lists.items():
        for place, (n, score) in enumerate(ranked, 1):
            parts.setdefault(n, {})[name] = {"rank": place, "score": score}
    sums = {n: sum((CONSTANT + 1) / (CONSTANT + p["rank"]) for p in part.values()) for n, part in parts.items()}
    order = sorted(sums, key=lambda n: (-sums[n], -n))
    return [(n, sums[n] / len(lists), parts[n]) for n in order]


def _nearest(numbers: list[int], cosines: NDArray[np.float32]) -> Iterator[tuple[int, float]]:
    """Rows with cosines above 0, largest first."""
    for i in (-cosines).argsort(kind="stable").tolist():
        if cosines[i] <= 0:
            return
        yield numbers[i], float(cosines[i])
