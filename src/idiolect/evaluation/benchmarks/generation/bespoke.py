"""BESPOKE (Kim et al. 2025): queries of people who gave their chats and searches, and what answers should hold."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks.card import Card

CARD = Card(
    title="BESPOKE",
    source="huggingface.co/datasets/yonsei-dli/BESPOKE, each table written as JSON lines beside its .parquet; "
    "github.com/augustinLib/BESPOKE",
    version="README.md of e6a3e75dd2308b3484cf2bbb0092c68f877f2090",
    licence="MIT (LICENSE and the data set's page)",
    split="every query of every user",
    protocol="a judge scores need, depth, tone and style by the rubric of user and query, and finds the gold claims",
    files=(
        "queries/query_table.jsonl",
        "gold_information/gold_information.jsonl",
        "personalized_rubric/personalized_rubric.jsonl",
        "chat_history/chat_history.jsonl",
        "search_history/search_history.jsonl",
    ),
    model=True,
)


@dataclass(frozen=True, slots=True)
class Query:
    """What a user asks, what he needs to know, the claims that answer it, and his rubric."""

    id: str
    query: str
    need: str
    gold: tuple[str, ...]
    rubric: str


@dataclass(slots=True)
class Person:
    """A user's queries, and his chats and searches as whole texts."""

    name: str
    queries: list[Query] = field(default_factory=list)
    chats: list[str] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)


def read(folder: Path) -> list[Person]:
    """Raises:
    BadInput: a row lacks a field.
    """
    queries, gold, rubrics, chats, searches = CARD.files
    claims: dict[tuple[str, str], tuple[str, ...]] = {}
    for place, key, row in _rows(folder, gold, "gold_information_value"):
        claims[key] = (*claims.get(key, ()), *_claims(text(row["gold_information_value"], place), place))
    rules: dict[tuple[str, str], str] = {}
    for place, key, row in _rows(folder, rubrics, "personalized_rubric_value"):
        rules[key] = "\n".join(filter(None, (rules.get(key), text(row["personalized_rubric_value"], place))))
    people: dict[str, Person] = {}
    for place, (user, id), row in _rows(folder, queries, "query", "gold_information_need"):
        said, need = (text(row[f], place) for f in ("query", "gold_information_need"))
        query = Query(id, said, need, claims.get((user, id), ()), rules.get((user, id), ""))
        people.setdefault(user, Person(user)).queries.append(query)
    for file, kind in ((chats, "chats"), (searches, "searches")):
        for place, raw in CARD.lines(folder, file):
            row = mapping(raw, place, "user", "history")
            user = text(row["user"], place)
            getattr(people.setdefault(user, Person(user)), kind).append(text(row["history"], place))
    return list(people.values())


def _rows(folder: Path, file: str, *needed: str) -> Iterator[tuple[str, tuple[str, str], dict[str, Any]]]:
    """(place, (user, query), row) of each line of a table."""
    for place, raw in CARD.lines(folder, file):
        row = mapping(raw, place, "user", "query-id", *needed)
        yield place, (text(row["user"], place), text(row["query-id"], place)), row


def _claims(said: str, place: str) -> tuple[str, ...]:
    """A cell is a claim's text, or JSON that lists claims."""
    try:
        found = json.loads(said)
    except json.JSONDecodeError:
        return (said,)
    if not isinstance(found, dict):
        return (said,)
    return tuple(text(c, place) for c in listing(mapping(found, place, "gold_information")["gold_information"], place))


def count(data: Sequence[Person]) -> dict[str, int]:
    """What is in it."""
    return {
        "people": len(data),
        "queries": sum(len(p.queries) for p in data),
        "queries without claims": sum(not q.gold for p in data for q in p.queries),
        "queries without rubric": sum(not q.rubric for p in data for q in p.queries),
        "claims": sum(len(q.gold) for p in data for q in p.queries),
        "chats": sum(len(p.chats) for p in data),
        "searches": sum(len(p.searches) for p in data),
    }
