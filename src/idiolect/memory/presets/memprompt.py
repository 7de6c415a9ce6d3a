"""MemPrompt: what a user said when he was misread, by the question that was misread (Madaan et al., EMNLP 2022).

    closest(q) = the key with the least edit distance below 6; without one, that with the highest cosine above 0.9

A record is a question and what the user meant by it (`prompt` and `text` of a post or interaction); of other kinds the
whole text is the key. Nothing is given where no question was like this one: the prompt then stays as it was.

The paper trains an encoder on pairs of questions for the second look-up; here it is the one that is given.

Relations: `malp` looks up in the same two ways, in two tiers; all others always give something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from idiolect.core.types import Interaction, Post, Preference, Record
from idiolect.memory.presets.edits import ALIKE, mistyped
from idiolect.retrieval.dense import DIGITS, MiniLM
from idiolect.retrieval.protocol import Encoder, Hits, best, searched


@dataclass(frozen=True, kw_only=True)
class MemPrompt:
    """`alike`: the cosine above which two questions ask the same."""

    encoder: Encoder = field(default=MiniLM())
    alike: float = ALIKE

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        keys = [key(record) for record in pool]
        scores = [mistyped(query, asked) for asked in keys]
        if pool and not any(scores):
            rows = self.encoder.encode([query, *keys])
            cosines = (rows[1:] @ rows[0]).round(DIGITS).tolist()
            scores = [cosine if cosine > self.alike else 0.0 for cosine in cosines]
        close = [i for i, score in enumerate(scores) if score > 0]
        return best([pool[i] for i in close], [scores[i] for i in close], k)


def key(record: Record) -> str:
    """The question that a record answers."""
    asked = record.prompt if isinstance(record, (Post, Interaction, Preference)) else ""
    return asked or searched(record)
