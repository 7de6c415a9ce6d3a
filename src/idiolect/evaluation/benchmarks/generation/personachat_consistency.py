"""Persona-Chat with contradictions (Welleck et al. 2019, Shea and Yu 2023): a reply true to the persona."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="Persona-Chat with contradictions",
    source="github.com/ryanshea10/personachat_offline_rl, eval_data/ (DNLI evaluation set)",
    version="b13b0a0cca02045201d1bce0bcfa87225a9c09c4",
    licence="none stated",
    split="the likes and dislikes; weights are chosen on half of the personas by md5, reported on the other",
    protocol="31 replies in the order of md5: hits@1, R@5, MRR, and how often the first choice contradicts the persona",
    files=("valid_likedislike.jsonl",),
)
AGAINST = re.compile(r"\b(?:not|no|never|hate|dislike|don't|dont|do n't|can't|cant|isn't|stand|least|worst)\b")
PENALTIES = (0.0, 0.1, 0.2, 0.4)


@dataclass(frozen=True, slots=True)
class Case:
    """What a person said of himself, a dialogue, and 31 replies; `neg` are the places of those that contradict."""

    persona: tuple[str, ...]
    before: tuple[str, ...]
    replies: tuple[str, ...]
    right: int
    neg: frozenset[int]


def read(folder: Path) -> list[Case]:
    """Raises:
    BadInput: a line lacks a field, or its candidates are not one right reply and three lists.
    """
    return [_case(raw, place) for place, raw in CARD.lines(folder, CARD.files[0])]


def _case(raw: object, place: str) -> Case:
    item = mapping(raw, place, "persona", "prefix", "candidates")
    persona, before = (_said(_value(item[f], place), place) for f in ("persona", "prefix"))
    candidates = _value(item["candidates"], place)
    if not isinstance(candidates, dict) or not {"label", "neg", "similar", "rand"} <= candidates.keys():
        raise BadInput(place, "no candidates of the four kinds", f"Take the file of version {CARD.version}")
    kinds = [(kind, reply) for kind in ("label", "neg", "similar", "rand") for reply in _said(candidates[kind], place)]
    kinds.sort(key=lambda pair: digest(pair[1]))
    right = [i for i, (kind, _) in enumerate(kinds) if kind == "label"]
    if len(right) != 1:
        raise BadInput(place, f"{len(right)} right replies", "One reply of the kind 'label' is wanted")
    neg = frozenset(i for i, (kind, _) in enumerate(kinds) if kind == "neg")
    return Case(persona, before, tuple(reply for _, reply in kinds), right[0], neg)


def _said(raw: object, place: str) -> tuple[str, ...]:
    return tuple(text(line, place) for line in listing(raw, place))


def _value(raw: Any, place: str) -> Any:
    """The published lines hold lists as Python writes them."""
    try:
        return ast.literal_eval(raw) if isinstance(raw, str) else raw
    except (ValueError, SyntaxError) as error:
        raise BadInput(place, f"a field is no list ({error})", f"Take the file of version {CARD.version}") from error


def count(data: Sequence[Case]) -> dict[str, int]:
    """What is in it."""
    return {"rows": len(data), "personas": len({c.persona for c in data})}


def measure(data: Sequence[Case], encoder: Encoder | None) -> Iterator[Row]:
    """Words and vectors of persona and dialogue; ours turns away from replies that deny what the persona affirms."""
    found = {
        "BM25 persona": [_lexical(c, 0) for c in data],
        "BM25 persona + last turn": [_lexical(c, 1) for c in data],
        "BM25 persona + history": [_lexical(c, len(c.before)) for c in data],
    }
    if encoder is not None:
        found["MiniLM persona + last turn"] = [_dense(encoder, c.persona, c) for c in data]
    for method, scores in found.items():
        yield from _rows(Label("all", method), scores, data)
    if encoder is None:
        return
    chosen = [c for c in data if digest(f"tune/{c.persona}") % 2]
    kept = [c for c in data if digest(f"tune/{c.persona}") % 2 == 0]
    best = max(PENALTIES, key=lambda p: np.mean([_hit(_ours(encoder, c.persona, c, p), c) for c in chosen]))
    for method, scores in found.items():
        mine = [s for s, c in zip(scores, data, strict=True) if digest(f"tune/{c.persona}") % 2 == 0]
        yield from _rows(Label("half of the personas", method), mine, kept)
    strangers = {c.persona: d.persona for c, d in zip(kept, _other(kept), strict=True)}
    for label, whose in (
        (Label("half of the personas", "vectors, less what denies the persona", ours=True), {p: p for p in strangers}),
        (Label("half of the personas", "the same under another's persona", ours=True, control=True), strangers),
    ):
        yield from _rows(label, [_ours(encoder, whose[c.persona], c, best) for c in kept], kept)


def _other(kept: Sequence[Case]) -> list[Case]:
    """For each case one of the next persona."""
    people = list(dict.fromkeys(c.persona for c in kept))
    following = dict(zip(people, [*people[1:], people[0]], strict=True))
    first = {c.persona: c for c in reversed(kept)}
    return [first[following[c.persona]] for c in kept]


def _lexical(case: Case, turns: int) -> Floats:
    said = case.before[len(case.before) - turns :]
    return ranking.Lexical(case.replies).scores(" ".join((*case.persona, *said)))


def _dense(encoder: Encoder, persona: Sequence[str], case: Case) -> Floats:
    query = " ".join((*persona, *case.before[-1:]))
    found: Floats = ranking.cosines(encoder, [query], list(case.replies))[0]
    return found


def _ours(encoder: Encoder, persona: Sequence[str], case: Case, penalty: float) -> Floats:
    """Cosine with persona and last turn, plus the nearest line's; less where one of the two denies, not both."""
    whole = _dense(encoder, persona, case)
    lines = ranking.cosines(encoder, list(persona), list(case.replies))  # (p, 31)
    denies = np.array([bool(AGAINST.search(r)) for r in case.replies])
    line_denies = np.array([bool(AGAINST.search(p)) for p in persona])[lines.argmax(axis=0)]
    found: Floats = whole + 0.5 * lines.max(axis=0) - penalty * (denies != line_denies)
    return found


def _hit(scores: Floats, case: Case) -> float:
    return float(ranking.order(scores)[0] == case.right)


def _rows(label: Label, scores: Sequence[Floats], data: Sequence[Case]) -> Iterator[Row]:
    ranked = [ranking.order(s) for s in scores]
    owners = [" ".join(c.persona) for c in data]
    pairs = list(zip(ranked, data, strict=True))
    yield mean(label, "hits@1", [float(r[0] == c.right) for r, c in pairs], owners)
    yield mean(label, "R@5", [float(c.right in r[:5]) for r, c in pairs], owners)
    yield mean(label, "MRR", [ranking.reciprocal(r, {c.right}) for r, c in pairs], owners)
    yield mean(label, "contradiction@1", [float(r[0] in c.neg) for r, c in pairs], owners, lower=True)
