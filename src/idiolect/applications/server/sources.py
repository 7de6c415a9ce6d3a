"""Which records an answer rests on, and how much each bears on the question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from idiolect.core.idiolect import Idiolect
from idiolect.core.layout import line
from idiolect.core.types import Query, Record, UserData
from idiolect.memory.results import iso, kind, memory
from idiolect.retrieval.bm25 import BM25
from idiolect.retrieval.protocol import searched

GAP = r"[\u200b-\u200f\u2060-\u2064\ufeff]*"  # what nobody sees between two characters
OPENER = re.compile(
    rf"<(?={GAP}[A-Za-z/|!])|\[(?={GAP}/?{GAP}INST)|!(?={GAP}\[)"
)  # of tags, templates' turns, pictures
BROKEN = {"<": "‹", "[": "(", "!": "! "}  # a picture would be fetched from wherever it points, by whoever shows it


@dataclass(frozen=True, kw_only=True)
class Source:
    """One record that was shown or counted; weight: its share of what bears on the question."""

    id: str
    text: str
    kind: str
    weight: float
    time: float

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        shown = {"id": self.id, "text": self.text, "kind": self.kind, "weight": round(self.weight, 4)}
        return {**shown, "time": iso(self.time)}


def clean(text: str) -> str:
    """A line that can neither close the marks around it nor open a turn of its own."""
    return OPENER.sub(lambda found: BROKEN[found[0]], " ".join(text.split()))


def used(data: UserData, made: Idiolect, kept: Idiolect) -> list[Record]:
    """The sources whose lines are still there, and those that never had a line of their own."""
    before = {clean(x) for s in made.streams for b in s.context for x in b.lines}
    after = {x for s in kept.streams for b in s.context for x in b.lines}
    ids = {id for _, id in made.sources}
    return [r for r in data.records if r.id in ids and _there(r, before, after)]


def _there(record: Record, before: set[str], after: set[str]) -> bool:
    """Whether a line of a record, or the same with its day, is still there, or never was."""
    plain = clean(line(record))
    if plain in after:
        return True
    dated = clean(line(record, dated=True))
    return dated in after or not (plain in before or dated in before)


def weighed(records: Sequence[Record], query: Query) -> tuple[Source, ...]:
    """Best first; where no word is shared, all weigh the same."""
    scores = BM25().scores(query.input or query.text, [searched(r) for r in records])
    total = sum(scores)
    shares = [s / total if total else 1 / len(records) for s in scores]
    found = [
        Source(id=r.id, text=memory(r), kind=kind(r), weight=w, time=r.time)
        for r, w in zip(records, shares, strict=True)
    ]
    return tuple(sorted(found, key=lambda s: -s.weight))
