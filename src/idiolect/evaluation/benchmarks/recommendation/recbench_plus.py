"""RecBench+ (Huang et al. 2025), films: requests in words, by stated or implied conditions or by what a group likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.retrieval.protocol import Encoder

QUERIES = {  # by file, the field of the request among the conditions of a user; None: requests of a group
    "ExplicitQuery": "situational_description_query",
    "ImplicitQuery": "situational_description_query",
    "MisinformedQuery": "query",
    "ItemBasedQuery": None,
    "UserBasedQuery": None,
}
CARD = Card(
    title="RecBench+ (films)",
    source="github.com/jiani-huang/RecAssistBench, README.md, eval/eval_movie.py and data/movie/UserBasedQuery.json",
    version="04c9e7edce3ac13117618b3006aa4b0b431f81c4, af3280b0ff97759789e81c7b076f5af1bd5b446d and "
    "b5699cc10811dc0738206b8deae6b88e09d550da",
    licence="none stated (MovieLens 1M)",
    split="all requests for films; of the books, the field that holds the request was not found",
    protocol="precision and recall of titles: of five, by upstream's setting; without a model what is wanted most by "
    "other users; histories are those of MovieLens 1M, which has to be fetched apart",
    files=tuple(f"movie/{name}.json" for name in QUERIES),
)
TOP = 5
GROUP = "query & ground true"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for, and the titles that are right."""

    id: str
    kind: str
    owner: str
    said: str
    wanted: tuple[str, ...]


def read(folder: Path) -> list[Request]:
    """Raises:
    BadInput: an entry lacks a field, or wants nothing.
    """
    found: list[Request] = []
    for file, (kind, field) in zip(CARD.files, QUERIES.items(), strict=True):
        for number, raw in enumerate(listing(CARD.document(folder, file), folder / file)):
            place = f"{folder / file}, entry {number}"
            found += [_conditions(raw, kind, field, place)] if field else _group(raw, kind, number, place)
    if not found:
        raise BadInput(folder, "no request is in it", f"Take the files of version {CARD.version}")
    return found


def _conditions(raw: object, kind: str, field: str, place: str) -> Request:
    item = mapping(raw, place, "data_idx", "source_user", "movieSubset", field)
    id, owner = (text(item[f], place) for f in ("data_idx", "source_user"))
    return Request(id, kind, owner, text(item[field], place), _titles(item["movieSubset"], place))


def _group(raw: object, kind: str, number: int, place: str) -> Iterator[Request]:
    """A group's requests; upstream leaves out those that are empty."""
    for n, one in enumerate(listing(mapping(raw, place, GROUP)[GROUP], place)):
        if one == {}:
            continue
        item = mapping(one, f"{place}, request {n}", "query", "movie subset")
        said, wanted = text(item["query"], place), _titles(item["movie subset"], f"{place}, request {n}")
        yield Request(f"{number}-{n}", kind, f"{kind} group {number}", said, wanted)


def _titles(raw: object, place: str) -> tuple[str, ...]:
    titles = tuple(dict.fromkeys(text(t, place) for t in listing(raw, place)))
    if not titles:
        raise BadInput(place, "it wants no title", f"Take the file of version {CARD.version}")
    return titles


def count(data: Sequence[Request]) -> dict[str, int]:
    """What is in it."""
    kinds = Counter(r.kind for r in data)
    return {"requests": len(data), **{kind: kinds[kind] for kind in QUERIES}, "owners": len({r.owner for r in data})}


def measure(data: Sequence[Request], encoder: Encoder | None) -> Iterator[Row]:
    """The titles that other users' requests want most, whatever is asked: what a reader of requests has to beat."""
    del encoder
    every = Counter(t for r in data for t in r.wanted)
    own: dict[str, Counter[str]] = {}
    for r in data:
        own.setdefault(r.owner, Counter()).update(r.wanted)
    order = sorted(every, key=lambda t: (-every[t], t))
    popular = {owner: _most(order, every, titles) for owner, titles in own.items()}
    for kind in ("all", *QUERIES):
        mine = [r for r in data if kind in ("all", r.kind)]
        if not mine:
            continue
        hits = [len(set(popular[r.owner]).intersection(r.wanted)) for r in mine]
        owners, label = [r.owner for r in mine], Label(kind, "popular")
        yield mean(label, f"precision@{TOP}", [h / TOP for h in hits], owners)
        yield mean(label, f"recall@{TOP}", [h / len(r.wanted) for h, r in zip(hits, mine, strict=True)], owners)


def _most(order: Sequence[str], every: Mapping[str, int], own: Mapping[str, int]) -> list[str]:
    """The titles wanted most by others, equal ones by name; `order`: the same of all, so that only its head matters."""
    return sorted(order[: TOP + len(own)], key=lambda t: (own.get(t, 0) - every[t], t))[:TOP]
