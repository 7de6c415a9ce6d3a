"""PersonalWAB (Cai et al. 2025): requests to a shop's assistant by people whose purchases and reviews are known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import instant, listing, mapping, text
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PersonalWAB",
    source="github.com/HongruCai/PersonalWAB; files from hongrucai.github.io/PersonalWAB/download",
    version="c14e79e7ca7ec3cf697482ba42334a28d11c8ee6; fields as PUMA/prepare_param_data.py, test.py and "
    "scripts/tools/init_interecagent_memory.py read them",
    licence="CC BY-NC 4.0 (README.md)",
    split="the test requests; each user's items of the split `history` from before the request",
    protocol="without the shop: the main category of the product sought or recommended (accuracy), the stars of the "
    "review to be written (MAE)",
    files=("user_instructions.json", "user_history.json"),
)
KINDS = ("search", "recommend", "review")


@dataclass(frozen=True, slots=True)
class Item:
    """A product's title and main category, and what the user gave and wrote for it."""

    title: str
    category: str
    rating: float
    text: str
    time: float
    split: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asks for, and the product that is meant."""

    user: str
    kind: str
    said: str
    time: float
    target: Item


@dataclass(frozen=True, slots=True)
class Shop:
    """By user, what is known of him; and the test requests."""

    histories: Mapping[str, tuple[Item, ...]]
    requests: tuple[Request, ...]


def read(folder: Path) -> Shop:
    """Raises:
    BadInput: an item or request lacks a field, is of no known kind, or its user has no history.
    """
    path = folder / CARD.files[1]
    histories = {
        user: tuple(_item(raw, f"{path}, user {user}, item {i}") for i, raw in enumerate(listing(items, path)))
        for user, items in mapping(CARD.document(folder, CARD.files[1]), path).items()
    }
    path = folder / CARD.files[0]
    tasks = listing(mapping(CARD.document(folder, CARD.files[0]), path, "test")["test"], path)
    requests = tuple(_request(raw, f"{path}, test request {i}") for i, raw in enumerate(tasks))
    if stray := next((r.user for r in requests if r.user not in histories), None):
        raise BadInput(path, f"the user {stray!r} has no history", f"Take {CARD.files[1]} of the same version")
    return Shop(histories, requests)


def _item(raw: object, place: str, split: str = "") -> Item:
    item = mapping(raw, place, "product_info", "review", *(() if split else ("split",)))
    product = mapping(item["product_info"], place, "title", "main_category", "parent_asin")
    review = mapping(item["review"], place, "rating", "text", "timestamp")
    if not isinstance(review["rating"], (int, float)):
        raise BadInput(place, f"the rating {review['rating']!r} is no number", "Fetch the file again")
    return Item(
        str(product["title"]),
        str(product["main_category"]),
        float(review["rating"]),
        str(review["text"]),
        instant(review["timestamp"], place),
        split or text(item["split"], place),
    )


def _request(raw: object, place: str) -> Request:
    item = mapping(raw, place, "user_id", "task", "type", "timestamp", "target")
    if item["type"] not in KINDS:
        raise BadInput(place, f"no kind {item['type']!r}", f"Known are {', '.join(KINDS)}")
    user, said, time = text(item["user_id"], place), text(item["task"], place), instant(item["timestamp"], place)
    return Request(user, item["type"], said, time, _item(item["target"], place, "test"))


def count(data: Shop) -> dict[str, int]:
    """What is in it."""
    kinds = Counter(r.kind for r in data.requests)
    return {
        "users": len(data.histories),
        "items": sum(map(len, data.histories.values())),
        **{f"{k} requests": kinds[k] for k in KINDS},
    }


def measure(data: Shop, encoder: Encoder | None) -> Iterator[Row]:
    """Category and stars as everybody's, as the user's own before, as another user's before."""
    del encoder
    every = [i for items in data.histories.values() for i in items if i.split == "history"]
    users = list(data.histories)
    place = {u: n for n, u in enumerate(users)}
    for part, kinds in (("category", ("search", "recommend")), ("stars", ("review",))):
        asked = [r for r in data.requests if r.kind in kinds]
        if not asked or not every:
            continue
        own = [_before(data.histories[r.user], r.time) for r in asked]
        far = [_before(data.histories[users[(place[r.user] + 1) % len(users)]], r.time) for r in asked]
        yield from (_categories if part == "category" else _stars)(asked, own, far, every)


def _before(items: Sequence[Item], time: float) -> list[Item]:
    return [i for i in items if i.split == "history" and i.time < time]


Known = Sequence[Sequence[Item]]


def _categories(asked: Sequence[Request], own: Known, far: Known, every: Sequence[Item]) -> Iterator[Row]:
    usual = _usual(every, "")
    guesses = {
        Label("category", "everybody's most frequent"): [usual] * len(asked),
        Label("category", "the user's most frequent", ours=True): [_usual(o, usual) for o in own],
        Label("category", "another user's most frequent", ours=True, control=True): [_usual(f, usual) for f in far],
    }
    owners = [r.user for r in asked]
    for label, said in guesses.items():
        right = [float(g == r.target.category) for g, r in zip(said, asked, strict=True)]
        yield mean(label, "accuracy", right, owners)


def _usual(items: Sequence[Item], otherwise: str) -> str:
    return Counter(i.category for i in items).most_common(1)[0][0] if items else otherwise


def _stars(asked: Sequence[Request], own: Known, far: Known, every: Sequence[Item]) -> Iterator[Row]:
    usual = float(np.mean([i.rating for i in every]))
    guesses = {
        Label("stars", "everybody's mean"): [usual] * len(asked),
        Label("stars", "the user's mean", ours=True): [_stars_of(o, usual) for o in own],
        Label("stars", "another user's mean", ours=True, control=True): [_stars_of(f, usual) for f in far],
    }
    owners = [r.user for r in asked]
    for label, said in guesses.items():
        error = [abs(g - r.target.rating) for g, r in zip(said, asked, strict=True)]
        yield mean(label, "MAE", error, owners, lower=True)


def _stars_of(items: Sequence[Item], otherwise: float) -> float:
    return float(np.mean([i.rating for i in items])) if items else otherwise
