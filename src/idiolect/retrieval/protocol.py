"""What methods ask of a retriever, and what they get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from idiolect.core.types import Attribute, Interaction, Post, Preference, Record, Relation, Turn

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Hits:
    """The records found, best first.

    Args:
        ids: record ids, at most k.
        scores: one number each, never rising; only their order can be compared between retrievers.
        parts: for a fusion, the scores that each of its retrievers gave to these ids (0 where it gave none).
    """

    ids: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    parts: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


class Retriever(Protocol):
    """Ranks a pool of records by how much they bear on a query. Pure: the same pool gives the same hits."""

    def rank(self, query: str, pool: Sequence[Record], k: int) -> Hits:
        """The k best records of the pool; among equal scores the later in the pool, which is the newer, wins."""
        ...


class Encoder(Protocol):
    """Sentence vectors."""

    @property
    def dim(self) -> int: ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(n,) texts -> (n, dim), rows of unit length."""
        ...


@runtime_checkable
class Lexicon(Protocol):
    """Vectors of words, from a table: no model is run."""

    def words(self, terms: Sequence[str]) -> NDArray[np.float32]:
        """(n,) terms -> (n, dim), rows of unit length; a row of zeros for a term that it does not know."""
        ...


def searched(record: Record) -> str:
    """The words by which a record is found."""
    match record:
        case Turn():  # first: most are
            return record.text
        case Attribute() | Relation():
            return f"{record.name} {record.value}"
        case Post() | Interaction():
            return f"{record.prompt} {record.text}"
        case Preference():
            return f"{record.prompt} {record.chosen} {record.dimension}".strip()


def best(pool: Sequence[Record], scores: Iterable[float], k: int) -> Hits:
    """The k records with the highest scores; ties go to the newer."""
    given = list(scores)
    newest = range(len(given) - 1, -1, -1)  # a sort in reverse, too, keeps the order of equals
    order = sorted(newest, key=given.__getitem__, reverse=True)[: max(k, 0)]
    return Hits(ids=tuple(pool[i].id for i in order), scores=tuple(float(given[i]) for i in order))
