"""The rows that bear on a question: words and sentence vectors find them, `retrieval.blend` puts them in order.

A row is found that shares a word with the question, has one that means nearly the same, or whose vector points the same
way. Candidates thus come from all lists, so that a rare word is found although no vector is near it, and the other way
round.

    score(d) = sum_r (share_r(d) - min share_r) / sum_r (max share_r - min share_r)      over the blend's signals;
                                                                     1: first in all of them, or alone
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from idiolect.data.sqlite import facts, lookup, rows
from idiolect.data.sqlite.connection import Busy, Connection
from idiolect.data.sqlite.corpus import Held, corpus
from idiolect.data.sqlite.facts import Fact
from idiolect.data.sqlite.lookup import Wanted
from idiolect.data.sqlite.rows import Row
from idiolect.data.sqlite.unit import Unit
from idiolect.memory.facts.asked import slots
from idiolect.memory.facts.table import holds, name
from idiolect.memory.filters import asked, matches
from idiolect.memory.results import Stated, fields
from idiolect.retrieval.blend import Blended, blend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Encoder

OVER = 3.0  # standard deviations that a record loses whose facts no longer hold
LONGEST = 4000  # characters of a question that are looked up: an encoder reads no more, nor more words tell more
CATCH_UP = 64  # missing vectors that a search makes; `flush` makes all
TOLD = 9.0  # the same, that a record gains which states what is asked for
OLD, TELLS = "what it states is over", "it states what is asked for"
Parts = dict[str, dict[str, float]]


@dataclass(frozen=True, kw_only=True)
class Found:
    """`sources`: ids of all records that say the same, this one first; `stated`: the facts as which it is found.
    `why` is what explains it, empty where that was not asked: "parts", by list the place in it (from 1) and its own
    score (BM25, cosine); "shares", what each signal gave; "rules", what a rule added (both in standard deviations)."""

    row: Row
    score: float
    sources: list[str]
    stated: Stated | None = None
    why: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question:
    """`moment`, `now`: POSIX seconds; `past`: what held then, rather than what is known now."""

    text: str
    top_k: int
    moment: float
    now: float
    past: bool = False
    filters: Mapping[str, Any] = field(default_factory=dict)


def search(unit: Unit, question: Question, encoder: Encoder | None, *, explain: bool = False) -> list[Found]:
    """The best `top_k` rows that hold and pass the filters, best first; `explain` tells their `parts`."""
    question = replace(question, text=question.text[:LONGEST])
    vector = None
    if encoder is not None and question.text.strip():
        with suppress(Busy):
            unit.embed(encoder, CATCH_UP, patient=False)
        vector = encoder.encode([question.text])[0]  # (d,), before the moment is held: a model is slow
    with unit.reading() as connection:
        wanted, facts_of = narrowed(connection, question)
        held = corpus(unit, connection, encoder)
        valid = held.valid(wanted)
        if not valid.any():
            return []
        among = None if valid.all() else valid
        made = blend(held.documents, question.text, vector, now=question.moment, among=among)
        rules = _ruled(connection, question, made, held)
        found = _found(connection, question, made, held, set(rules[TELLS]))
        groups = _once(connection, filter(found, _order(made, valid)), held, max(question.top_k, 0))
        read = rows.at(connection, [n for group in groups for n in held.numbers[group].tolist()])
        words = dict(lookup.having_words(connection, question.text, wanted, len(valid))) if explain else {}
    scores, why = _scaled(made, valid), _why(held, made, valid, words, rules) if explain else (lambda _: {})
    named = [(group[0], held.numbers[group].tolist()) for group in groups]
    sources = [[read[n].record.id for n in ns] for _, ns in named]
    return [
        Found(row=read[ns[0]], score=float(scores[i]), why=why(i), sources=same, stated=facts_of.get(ns[0]))
        for (i, ns), same in zip(named, sources, strict=True)
    ]


def _ruled(connection: Connection, question: Question, made: Blended, held: Held) -> dict[str, dict[int, float]]:
    """By rule, what it adds to the score of which n; it is added."""
    over = facts.retired(connection, question.moment, past=question.past)
    told = answers(connection, question)
    rules = {OLD: dict.fromkeys(over, -OVER), TELLS: {n: TOLD / (1 + place / 3) for place, n in enumerate(told)}}
    if over:
        made.scores[np.isin(held.numbers, list(over))] -= OVER
    for n, gain in rules[TELLS].items():
        made.scores[held.numbers == n] += gain
    return rules


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


def narrowed(connection: Connection, question: Question) -> tuple[Wanted, dict[int, Stated]]:
    """The rows that hold in the moment and pass the filters; and of those that pass as facts alone, these."""
    wanted = Wanted(moment=question.moment, past=question.past)
    ended = rows.ended(connection, question.now)
    if not (question.filters or ended):
        return wanted, {}
    held = rows.at(connection, set(lookup.valid(connection, wanted)) - ended)
    moment = question.moment if question.past else None
    told = stated(connection, held, moment) if "kind" in asked(question.filters) else {}
    newest = {max(fact.sources) for found in told.values() for fact in found}
    passed = {n: how for n, row in held.items() if (how := passes(row, question.filters, newest))}
    shown = {n: _shown(held, told[n], n) for n, how in passed.items() if how == "fact"}
    return replace(wanted, among=set(passed)), shown


def stated(connection: Connection, held: Mapping[int, Row], moment: float | None) -> dict[int, list[Fact]]:
    """By n, the facts that hold in a moment and that these rows state."""
    found: dict[int, list[Fact]] = {}
    for fact in facts.everything(connection) if held else ():
        sources = tuple(n for n in fact.sources if n in held)
        for n in sources if holds(fact, moment) else ():
            found.setdefault(n, []).append(replace(fact, sources=sources))
    return found


def passes(row: Row, filters: Mapping[str, Any], told: Container[int]) -> str:
    """As what a row passes the filters: "itself", or as one of those that state a "fact"; else empty."""
    values = fields(row)
    if matches(filters, values):
        return "itself"
    return "fact" if row.n in told and matches(filters, {**values, "kind": "fact"}) else ""


def _shown(held: Mapping[int, Row], told: list[Fact], n: int) -> Stated:
    """The facts of which a row is the newest source, so that each is shown once."""
    mine = [fact for fact in told if max(fact.sources) == n]
    sources = dict.fromkeys([n, *(source for fact in mine for source in fact.sources)])
    text = "; ".join(f"{name(fact)}: {fact.value}" for fact in mine)
    return Stated(text=text, sources=[held[source].record.id for source in sources])


def _order(made: Blended, valid: NDArray[np.bool_]) -> list[int]:
    """Places of what is wanted, best first; of equals the newer first."""
    newest = np.flatnonzero(valid)[::-1]
    order: list[int] = newest[np.argsort(-made.scores[newest].round(9), kind="stable")].tolist()
    return order


def _found(
    connection: Connection, question: Question, made: Blended, held: Held, told: set[int]
) -> Callable[[int], bool]:
    """Whether the question finds what stands at a place; the index of words is asked where nothing else finds it."""
    near = ((made.cosines > 0) | (made.covered > 0)).tolist()
    words = cache(lambda: lookup.sharing(connection, question.text))
    return lambda i: near[i] or (n := int(held.numbers[i])) in told or n in words()


def _once(connection: Connection, order: Iterator[int], held: Held, k: int) -> list[list[int]]:
    """Of the k best, places of all that say the same, itself first: of what was said twice only the best stands."""
    first = dict(connection.execute("SELECT record, first FROM same"))
    groups: dict[int, list[int]] = {}
    while len(groups) < k and (i := next(order, None)) is not None:
        groups.setdefault(_first(first, held, i), []).append(i)
    for i in order if first else ():
        if (same := _first(first, held, i)) in groups:
            groups[same].append(i)
    return list(groups.values())


def _first(first: Mapping[int, int], held: Held, place: int) -> int:
    n = int(held.numbers[place])
    return first.get(n, n)


def _scaled(made: Blended, valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """(n,) scores from 0, last in every list, to 1."""
    lowest = sum(float(share[valid].min()) for share in made.shares.values())
    highest = sum(float(share[valid].max()) for share in made.shares.values())
    if highest - lowest < 1e-9:
        return np.ones(len(valid))
    return np.clip((made.scores - lowest) / (highest - lowest), 0.0, 1.0).round(12)


def _why(
    held: Held,
    made: Blended,
    valid: NDArray[np.bool_],
    words: Mapping[int, float],
    rules: Mapping[str, Mapping[int, float]],
) -> Callable[[int], dict[str, Any]]:
    """What explains the document at a place."""
    parts = _parts(held, made, valid, words)

    def explained(i: int) -> dict[str, Any]:
        n = int(held.numbers[i])
        shares = {name: float(share[i]) for name, share in made.shares.items()}
        return {"parts": parts(i), "shares": shares, "rules": {rule: by[n] for rule, by in rules.items() if n in by}}

    return explained


def _parts(held: Held, made: Blended, valid: NDArray[np.bool_], words: Mapping[int, float]) -> Callable[[int], Parts]:
    """Where a document stands by words and by vectors."""
    word = {n: place for place, n in enumerate(words, 1)}
    close = [i for i in np.argsort(-made.cosines, kind="stable").tolist() if valid[i] and made.cosines[i] > 0]
    dense = {i: place for place, i in enumerate(close, 1)}

    def explained(i: int) -> Parts:
        n, found = int(held.numbers[i]), {}
        if n in word:
            found["words"] = {"rank": float(word[n]), "score": words[n]}
        if i in dense:
            found["dense"] = {"rank": float(dense[i]), "score": float(made.cosines[i])}
        return found

    return explained
