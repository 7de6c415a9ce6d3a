"""Which of a user's records bear on a request: not what stands in the dialogue anyway, nor what tells nothing of him.

Most of it does not change from one request to the next, so it is kept, and gone on with where records were only added.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from idiolect.applications.server.answering import dialogue
from idiolect.core.types import Record, Turn


@dataclass(frozen=True, kw_only=True)
class Telling:
    """Of `records` those that tell something (`kept`), and where among them a request has to look.

    ids: place of each. said: place and text of turns, by the hash of their words. bounded: places of what holds for
    a time only.
    """

    records: tuple[Record, ...] = ()
    kept: tuple[Record, ...] = ()
    ids: Mapping[str, int] = field(default_factory=dict)
    said: Mapping[int, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    bounded: tuple[int, ...] = ()

    def of(self, records: tuple[Record, ...]) -> Telling:
        """The same of these records; what was seen of them is not looked at again."""
        if records == self.records:
            return self
        known = self if records[: len(self.records)] == self.records else Telling()
        return known._grown(records)

    def bearing(self, there: Collection[str], asked: str, now: float) -> tuple[Record, ...]:
        """Those that hold now, and are neither in the dialogue nor what he says again just now.

        Args:
            there: ids of what stands in the dialogue.
            asked: his words.
            now: POSIX seconds.
        """
        out = {self.ids[id] for id in there if id in self.ids}
        out |= {i for i, text in self.said.get(_hash(asked), ()) if dialogue.alike(text, asked)}
        out |= {i for i in self.bounded if not _holds(self.kept[i], now)}
        return tuple(r for i, r in enumerate(self.kept) if i not in out) if out else self.kept

    def _grown(self, records: tuple[Record, ...]) -> Telling:
        fresh = [r for r in records[len(self.records) :] if not (isinstance(r, Turn) and dialogue.asks(r.text))]
        if not fresh:
            return replace(self, records=records)
        ids, said, bounded = {**self.ids}, {**self.said}, [*self.bounded]
        for place, record in enumerate(fresh, len(self.kept)):
            ids[record.id] = place
            if isinstance(record, Turn):
                key = _hash(record.text)
                said[key] = (*said.get(key, ()), (place, record.text))
            if record.valid_from or record.valid_to is not None:
                bounded.append(place)
        kept = (*self.kept, *fresh)
        return Telling(records=records, kept=kept, ids=ids, said=said, bounded=tuple(bounded))


def _hash(words: str) -> int:
    return hash(" ".join(words.casefold().split()))


def _holds(record: Record, now: float) -> bool:
    return (record.valid_from or now) <= now and (record.valid_to is None or record.valid_to > now)
