"""MAP: what was rated, by what it has in common with what is to be rated (arXiv 2505.03824, 2025).

    sim(q, i) = |labels(q) & labels(i)|            where the question has labels ("Alien. Genres: horror, space")
    sim(q, i) = cos(e(q), e(i))                    else

The k most alike stand in the prompt as "title: rating". Every new rating is one more record.

Relations: `adaptation.prompting` puts them into prompts; words in common are BM25's, labels in common are this one's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from idiolect.core.types import Record
from idiolect.memory.presets.memprompt import key
from idiolect.retrieval.dense import DIGITS, MiniLM
from idiolect.retrieval.protocol import Encoder, Hits, best

LABELS = re.compile(r"\b(?:genres?|categories|category|tags?|labels?): *([^.;\n]+)", re.I)


@dataclass(frozen=True, kw_only=True)
class MAP:
    """`encoder` of descriptions, where there are no labels."""

    encoder: Encoder = field(default=MiniLM())

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        keys = [key(record) for record in pool]
        if wanted := labels(query):
            return best(pool, [float(len(wanted & labels(item))) for item in keys], k)
        if not pool:
            return Hits()
        rows = self.encoder.encode([query, *keys])
        return best(pool, (rows[1:] @ rows[0]).round(DIGITS).tolist(), k)


def labels(text: str) -> frozenset[str]:
    """What is listed after "Genres:" or the like, apart by commas or bars."""
    listed = LABELS.search(text)
    parts = re.split(r"[,|/]", listed[1]) if listed else []
    return frozenset(part.strip().casefold() for part in parts if part.strip())
