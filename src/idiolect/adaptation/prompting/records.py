"""Records as blocks of prompt: which of them, under which heading, with which sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, TypeAlias

from idiolect.core.errors import UnknownName
from idiolect.core.idiolect import Block, Source
from idiolect.core.layout import line
from idiolect.core.types import Attribute, Interaction, Post, Preference, Query, Record, Relation, UserData
from idiolect.retrieval.bm25 import BM25
from idiolect.retrieval.dense import Dense
from idiolect.retrieval.protocol import Retriever
from idiolect.retrieval.recency import Recency

RetrieverName: TypeAlias = Literal["bm25", "dense", "recency"]
PROFILE = (Attribute, Relation, Preference)
RETRIEVERS: dict[str, Retriever] = {"bm25": BM25(), "dense": Dense(), "recency": Recency()}


def retrieved(user: UserData, query: Query, k: int, *, by: str = "bm25") -> tuple[Record, ...]:
    """R(q, C_i, k): the k best records, oldest first.

    A query of a task is put to the records of that task where the user has any, else to all of them.

    Raises:
        UnknownName: no such retriever.
    """
    if by not in RETRIEVERS:
        raise UnknownName("retriever", by, RETRIEVERS)
    pool = [r for r in user.records if answers(r, query.task)] or list(user.records)
    found = set(RETRIEVERS[by].rank(query.input or query.text, pool, k).ids)
    return tuple(r for r in pool if r.id in found)


def answers(record: Record, task: str) -> bool:
    """Whether the record is an example of the task."""
    match record:
        case Post() | Interaction():
            return record.task == task
        case Preference():
            return bool(record.prompt) and task == "reply"
        case _:
            return False


def stated(user: UserData) -> tuple[Record, ...]:
    """What the user says of himself: attributes, relations and stated wishes. Of two values for one name the later
    stands; of wishes all stand."""
    kept: dict[str, Record] = {}
    for r in user.records:
        if isinstance(r, PROFILE) and (name := slot(r)):  # most are turns, and cheap to tell apart
            kept.pop(name, None)
            kept[name] = r
    return tuple(kept.values())


def slot(record: Record) -> str:
    """What a record of the profile is about: a later one about the same stands for it. "" for other records."""
    match record:
        case Attribute(name="wants"):
            return f"wants {record.value}"
        case Attribute() | Relation():
            return f"{record.kind} {record.name}"
        case Preference(prompt=""):
            return f"wants {record.dimension}"
        case _:
            return ""


def block(heading: str, records: Sequence[Record], *, priority: int = 0, dated: bool = False) -> tuple[Block, ...]:
    """One block of the records' lines; none where there are no records."""
    lines = tuple(line(r, dated=dated) for r in records)
    return (Block(heading, lines, priority),) if lines else ()


def sources(user: UserData, records: Iterable[Record]) -> frozenset[Source]:
    """(owner, record id) of each record."""
    return frozenset((user.user_id, r.id) for r in records)
