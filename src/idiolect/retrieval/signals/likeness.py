"""Likeness: how much of a question's words a document covers, by the same word or one that means nearly the same.

    score(q, d) = sum_{t in q} idf(t) * max_{w in d} like(t, w) / sum_{t in q} idf(t)        in [0, 1]
    like(t, w)  = 1 for one stem, else the cosine of the two words' vectors where it exceeds 0.3, else 0
    idf(t)      = ln(1 + (N - m + 0.5) / (m + 0.5)),    m = sum_d max_{w in d} like(t, w)

The vectors of words are the encoder's own input embeddings less their mean: a look-up in a table, no model is run.
"Kids" so finds "children", and "doctor" "medical". The best score says how far words can be trusted for this
question here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from idiolect.retrieval.stems import EMPTY, stem

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from idiolect.retrieval.protocol import Lexicon

FLOOR = 0.3  # cosines below it are of words that have nothing to do with each other


class Likeness:
    """An index of n documents, each given as its terms. Without a lexicon, only the same stem counts."""

    def __init__(self, documents: Iterable[Sequence[str]], lexicon: Lexicon | None = None) -> None:
        import numpy as np

        where: dict[str, list[int]] = {}
        same: dict[str, list[int]] = {}
        self.count = 0
        for place, terms in enumerate(documents):
            self.count += 1
            for term in dict.fromkeys(terms):
                where.setdefault(term, []).append(place)
            for term in dict.fromkeys(map(stem, terms)):
                same.setdefault(term, []).append(place)
        self._same = {term: np.array(places) for term, places in same.items()}
        self._places = [np.array(places) for places in where.values()]
        self._lexicon = lexicon
        self._vectors = lexicon.words(list(where)) if lexicon is not None and where else None  # (words, d)

    def scores(self, terms: Sequence[str]) -> NDArray[np.float64]:
        """(n,) scores of a question given as its terms."""
        import numpy as np

        content = [term for term in terms if term not in EMPTY] or list(terms)
        found, total = np.zeros(self.count), 0.0
        for term, cosines in zip(content, self._cosines(content), strict=True):
            best = np.zeros(self.count)
            near = np.flatnonzero(cosines > FLOOR)
            for i in near[np.argsort(cosines[near])]:
                best[self._places[i]] = cosines[i]
            best[self._same.get(stem(term), [])] = 1.0
            held = float(best.sum())
            idf = math.log(1 + (self.count - held + 0.5) / (held + 0.5))
            found += idf * best
            total += idf
        return found / (total or 1.0)

    def _cosines(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """(terms, words)."""
        import numpy as np

        if self._vectors is None or self._lexicon is None or not terms:
            return np.zeros((len(terms), len(self._places)), np.float32)
        return self._lexicon.words(terms) @ self._vectors.T
