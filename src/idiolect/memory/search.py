"""The rows that bear on a question: words and sentence vectors find them, `retrieval.blend` puts them in order.

A row is found that shares a word with the question, has one that means nearly the same, or whose vector points the same
way. Candidates thus come from all lists, so that a rare word is found although no vector is near it, and the other way
round.

    score(d) = sum_r (share_r(d) - min share_r) / sum_r (max share_r - min share_r)      over the blend's signals;
                                                                     1: first in all of them, or alone
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from idiolect.data.sqlite import facts, lookup, rows
from idiolect.data.sqlite.connection import Busy, Connection
from idiolect.data.sqlite.corpus import corpus
from idiolect.data.sqlite.lookup import Wanted
from idiolect.data.sqlite.rows import Row
from idiolect.data.sqlite.unit import Unit
from idiolect.memory.facts.asked import slots
from idiolect.memory.facts.table import holds
from idiolect.memory.filters import matches
from idiolect.memory.results import fields
from idiolect.retrieval.blend import Blended, blend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

OVER = 3.0  # standard deviations that a record loses whose facts no longer hold
LONGEST = 4000  # characters of a question that are looked up: an encoder reads no more, nor more words tell more
CATCH_UP = 64  # missing vectors that a search makes; `flush` makes all
TOLD = 9.0  # the same, that a record gains which states what is asked for
Parts = dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Found:
    """`parts`: by list, the place in it (from 1) and its own score (BM25, cosine); `sources`: ids of
    all records that say the same, this one first."""

    row: Row
    score: float
    parts: Mapping[str, Mapping[str, float]]
    sources: list[str]


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
    question = replace(question, text=question.text[:LONGEST])
    vector = None
    if encoder is not None and question.text.strip():
        with suppress(Busy):
            unit.embed(encoder, CATCH_UP, patient=False)
        vector = encoder.encode([question.text])[0]  # (d,), before the moment is held: a model is slow
    with unit.reading() as connection:
        wanted = narrowed(connection, question)
        numbers, documents = corpus(unit, connection, encoder)
        valid = np.isin(numbers, lookup.valid(connection, wanted))  # (n,)
        if not valid.any():
            return []
        words = dict(lookup.having_words(connection, question.text, wanted, len(numbers)))
        made = blend(documents, question.text, vector, now=question.moment, among=valid)
        over = facts.retired(connection, question.moment, past=question.past)
        made.scores[np.isin(numbers, list(over))] -= OVER
        told = answers(connection, question)
        for place, n in enumerate(told):
            made.scores[np.isin(numbers, n)] += TOLD / (1 + place / 3)
        order = _once(connection, _order(numbers, made, valid, {*words, *told}), numbers)[: max(question.top_k, 0)]
        read = rows.at(connection, [numbers[i] for _, group in order for i in group])
    parts, scores = _parts(numbers, made, valid, words), _scaled(made, valid)
    return [
        Found(
            row=read[numbers[i]],
            score=float(scores[i]),
            parts=parts(i),
            sources=[read[numbers[k]].record.id for k in group],
        )
        for i, group in order
    ]


def answers(connection: Connection, question: Question) -> list[int]:
    """n of records that state what a question about oneself asks for, as it holds in the moment, the newest first: of
    keys that are named in it, else of the likeliest kind of which something is known."""
    keyed: dict[int, float] = {}
    for kind, key in dict.fromkeys(slots(question.text)):
        if keyed and not key:
            break
        found = {
            n: fact.valid_from
            for fact in facts.slot(connection, kind, key)
            if holds(fact, question.moment if question.past else None)
            for n in fact.sources
        }
        keyed |= found
        if found and not key:
            break
    return sorted(keyed, key=lambda n: -keyed[n])


def narrowed(connection: Connection, question: Question) -> Wanted:
    """The rows that hold in the moment and pass the filters."""
    wanted = Wanted(moment=question.moment, past=question.past)
    if not question.filters:
        return wanted
    held = rows.at(connection, lookup.valid(connection, wanted))
    return replace(wanted, among={n for n, row in held.items() if matches(question.filters, fields(row))})


def _order(numbers: list[int], made: Blended, valid: NDArray[np.bool_], known: set[int]) -> list[int]:
    """Places of what was found, best first; of equals the newer first."""
    near = (made.cosines > 0) | (made.covered > 0)
    found = [i for i in np.flatnonzero(valid).tolist() if near[i] or numbers[i] in known]
    return sorted(found, key=lambda i: (-round(float(made.scores[i]), 9), -numbers[i]))


def _once(connection: Connection, order: list[int], numbers: list[int]) -> list[tuple[int, list[int]]]:
    """(place, places of all that say the same, itself first): of what was said twice only the best stands."""
    first = dict(connection.execute("SELECT record, first FROM same"))
    found: dict[int, list[int]] = {}
    for i in order:
        found.setdefault(first.get(numbers[i], numbers[i]), []).append(i)
    return [(group[0], group) for group in found.values()]


def _scaled(made: Blended, valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n,) scores from 0, last in every list, to 1."""
    lowest = sum(float(share[valid].min()) for share in made.shares.values())
    highest = sum(float(share[valid].max()) for share in made.shares.values())
    if highest - lowest < 1e-9:
        return np.ones(len(valid))
    return np.clip((made.scores - lowest) / (highest - lowest), 0.0, 1.0).round(12)


def _parts(numbers: list[int], made: Blended, valid: NDArray[np.bool_], words: Mapping[int, float]) -> Any:
    """What explains the document at a place."""
    word = {n: place for place, n in enumerate(words, 1)}
    close = [i for i in np.argsort(-made.cosines, kind="stable").tolist() if valid[i] and made.cosines[i] > 0]
    dense = {i: place for place, i in enumerate(close, 1)}

    def explained(i: int) -> Parts:
        n, found = numbers[i], {}
        if n in word:
            found["words"] = {"rank": float(word[n]), "score": words[n]}
        if i in dense:
            found["dense"] = {"rank": float(dense[i]), "score": float(made.cosines[i])}
        return found

    return explained
