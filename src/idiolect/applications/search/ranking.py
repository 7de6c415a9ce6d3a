"""Documents that bear on a question, in an order for one user.

    relevance = 1 - (best - b) / max(best - worst, 6)      b: the blend of `retrieval.blend`; the same for everybody
    personal  = p / max(max |p|, 1/4)                      p: what his opinions say of what is like the document
    score     = (1 - strength) relevance + strength personal

Neither half is stretched further than its numbers go: two documents that fit a question almost as well stay close, and
little that is known of him moves little.

Only what is found at all is put in another order: nothing comes up because he likes it. The opinions that turn an
ambiguous question his way are those that are like the question itself (`taste.judged`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from idiolect.applications.search.documents import Document, Given, documents, snippet
from idiolect.applications.taste.judged import Reason, judged
from idiolect.applications.taste.known import NOTHING_KNOWN, known
from idiolect.applications.taste.opinions import opinions
from idiolect.core.errors import BadInput
from idiolect.core.types import UserData
from idiolect.memory.space import Space
from idiolect.retrieval.blend import Blended, blend
from idiolect.retrieval.corpus import Corpus
from idiolect.retrieval.corpus import Document as Indexed
from idiolect.retrieval.protocol import Lexicon
from idiolect.retrieval.split import pieces

if TYPE_CHECKING:
    from idiolect.retrieval.protocol import Encoder

SHORTLIST = 100  # documents that are put in another order
APART, KNOWN = 6.0, 0.25  # spreads of the blend, and of his opinions, from which on a half is stretched no further
NEAR = 0.2  # cosine from which a document without any of the words is found


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One document in its place. parts: "relevance", what it is made of, and "personal". place: among everybody's."""

    document: Document
    snippet: str
    score: float
    place: int
    parts: Mapping[str, float]
    reasons: tuple[Reason, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "id": self.document.id,
            "title": self.document.title,
            "snippet": self.snippet,
            "score": round(self.score, 4),
            "place_for_everybody": self.place,
            "parts": {name: round(value, 4) for name, value in self.parts.items()},
            "reasons": [reason.plain() for reason in self.reasons],
        }


@dataclass(frozen=True, kw_only=True)
class Found:
    """personal: whether anything that is known of him moved a document; else `note` says why not, and the order is what
    everybody gets. of: how many documents were searched."""

    user: str
    query: str
    results: tuple[Hit, ...]
    personal: bool
    strength: float
    of: int
    note: str = ""

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "user": self.user,
            "query": self.query,
            "personal": self.personal,
            "strength": self.strength,
            "note": self.note,
            "searched": self.of,
            "results": [one.plain() for one in self.results],
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Documents that bear on a question, best first for everybody. relevance: (m,). parts: of each. near: the piece of
    each that is nearest to the question."""

    found: Sequence[Document]
    relevance: Sequence[float]
    parts: Sequence[Mapping[str, float]]
    near: Sequence[int]


def search(
    space: Space,
    user: str,
    query: str,
    among: Iterable[Given] | str | Path,
    *,
    top_k: int = 10,
    strength: float = 0.4,
) -> Found:
    """Finds documents for a user; nothing is written but his audit trail.

    Args:
        among: texts, objects, or the path of a folder or file (`documents`).
        strength: 0 is everybody's order, 1 his alone among what was found.

    Raises:
        BadInput: no query, no documents, or a strength that is not from 0 to 1.
    """
    if not query.strip():
        raise BadInput("query", "is empty", "Say what is looked for.")
    if not 0 <= strength <= 1:
        raise BadInput("strength", f"{strength} is not from 0 to 1", "0 is everybody's order, 1 his own.")
    given = documents(among)
    data, note = known(space, user, "search documents")
    best = candidates(given, query, space.encoder, now=space.store.clock())
    hits, moved = _ordered(best, data, query, strength, space.encoder)
    why = "its strength is 0" if not strength else note or NOTHING_KNOWN
    return Found(
        user=data.user_id,
        query=query,
        results=hits[: max(top_k, 0)],
        personal=moved,
        strength=strength,
        of=len(given),
        note="" if moved else f"this is the order that everybody gets: {why}" if hits else "no document bears on this",
    )


def candidates(given: Sequence[Document], query: str, encoder: Encoder | None, *, now: float) -> Candidates:
    """What bears on a question, for everybody.

    Args:
        now: POSIX seconds, for questions that name a time.
    """
    parts = [(place, piece) for place, one in enumerate(given) for piece in pieces(one.whole)]
    vectors, asked = None, None
    if encoder is not None:
        vectors, asked = encoder.encode([piece for _, piece in parts]), encoder.encode([query])[0]
    corpus = Corpus(
        [Indexed(text=one.whole, time=one.time) for one in given],
        lexicon=encoder if isinstance(encoder, Lexicon) else None,
        pieces=vectors,
        owners=[place for place, _ in parts] if vectors is not None else (),
    )
    made = blend(corpus, query, asked, now=now)
    order = _found(made)
    relevance = _scaled([float(made.scores[i]) for i in order])
    cosines = None if vectors is None or asked is None else vectors @ asked
    return Candidates(
        found=[given[i] for i in order],
        relevance=relevance,
        parts=[{name: float(share[i]) for name, share in made.shares.items() if share.any()} for i in order],
        near=[_nearest(i, parts, cosines, query) for i in order],
    )


def _found(made: Blended) -> list[int]:
    """Places of what shares a word or a meaning with the question, best first."""
    there = np.flatnonzero((made.covered > 0) | (made.cosines > NEAR)).tolist()
    return sorted(there, key=lambda i: (-round(float(made.scores[i]), 9), i))[:SHORTLIST]


def _scaled(scores: Sequence[float]) -> list[float]:
    """From 1, the best, down to 0 where the worst is far from it."""
    if not scores:
        return []
    low, high = min(scores), max(scores)
    return [1 - (high - score) / max(high - low, APART) for score in scores]


def _nearest(place: int, parts: Sequence[tuple[int, str]], cosines: Any, query: str) -> int:
    """Which of a document's pieces is nearest to the question: by its vector, else by the words that it shares."""
    own = [i for i, (owner, _) in enumerate(parts) if owner == place]
    asked = set(query.lower().split())
    scores = [len(asked & set(parts[i][1].lower().split())) if cosines is None else float(cosines[i]) for i in own]
    return scores.index(max(scores))


def _ordered(
    best: Candidates, data: UserData, query: str, strength: float, encoder: Encoder | None
) -> tuple[tuple[Hit, ...], bool]:
    """(his order, whether anything of his moved a document)."""
    texts = [one.whole for one in best.found]
    held = opinions(data.records, {one.id: one.whole for one in best.found}) if strength else []
    taste = judged(texts, held, encoder, asked=query)
    mean = taste.expected.mean
    scale = 1 / float(np.abs(mean).max(initial=KNOWN))
    personal = mean * scale
    scores = [(1 - strength) * r + strength * float(p) for r, p in zip(best.relevance, personal, strict=True)]
    order = sorted(range(len(texts)), key=lambda i: (-round(scores[i], 9), i))
    hits = tuple(
        Hit(
            document=best.found[i],
            snippet=snippet(best.found[i], best.near[i]),
            score=scores[i],
            place=i + 1,
            parts={"relevance": best.relevance[i], **best.parts[i], "personal": float(personal[i])},
            reasons=taste.reasons(i, scale),
        )
        for i in order
    )
    return hits, taste.bears
