"""A corpus: one user's documents, counted and indexed once, asked often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from idiolect.retrieval.protocol import Lexicon
from idiolect.retrieval.signals.around import groups, sessions
from idiolect.retrieval.signals.likeness import Likeness
from idiolect.retrieval.signals.words import Words
from idiolect.retrieval.stems import stem, telling
from idiolect.retrieval.terms import indexed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

B, ROOT = 0.75, 0.25  # how much of a document's length counts, and how gently
SHORT = 3  # telling words: a question with fewer leans on the one before it


@dataclass(frozen=True, kw_only=True)
class Document:
    """`session` may be empty; `time` in POSIX seconds."""

    text: str
    session: str = ""
    time: float = 0.0


class Corpus:
    """Documents in order.

    Args:
        lexicon: the vectors of words; without one only the same stems are alike.
        pieces: (P, d) unit rows, sentence vectors of the documents' pieces.
        owners: (P,) the place of the document that each piece is of.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        *,
        lexicon: Lexicon | None = None,
        pieces: NDArray[np.float32] | None = None,
        owners: Sequence[int] | NDArray[np.int64] = (),
    ) -> None:
        terms = [indexed(document.text) for document in documents]
        bags = [[stem(term) for term in one] for one in terms]
        self.count = len(documents)
        self.words, self.likeness = Words(bags), Likeness(terms, lexicon)
        lengths = np.array([len(bag) for bag in bags], float)
        self.length = (1 - B + B * lengths / (lengths.mean() if lengths.any() else 1.0)) ** ROOT  # (n,)
        self.times = [document.time for document in documents]
        self.ages = np.unique(self.times, return_inverse=True)[1].astype(float)  # (n,) places in time, oldest 0
        self.sessions = sessions([document.session for document in documents])
        self.whole = Words([t for i in places for t in bags[i]] for places in groups(self.sessions))
        self.pieces = np.zeros((0, 0), np.float32) if pieces is None else pieces
        self.owners = np.asarray(owners, np.int64)

    def zeros(self) -> NDArray[np.float64]:
        return np.zeros(self.count)


def standard(scores: ArrayLike, among: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
    """(n,) scores with mean 0 and variance 1 among those that are wanted; 0 for all others, and where all are equal."""
    given = np.asarray(scores, float)
    wanted = np.ones(len(given), bool) if among is None else among
    kept, found = given[wanted], np.zeros(len(given))
    spread = kept.std() if kept.size else 0.0
    if spread > 1e-9:
        found[wanted] = (kept - kept.mean()) / spread
    return found


def asking(question: str, before: str = "") -> str:
    """What a turn of a dialogue leans on besides itself: the question before it, where it says little by itself."""
    return before if before and len(telling(question)) < SHORT else ""
