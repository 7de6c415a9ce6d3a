"""PGraphRAG, Amazon part (Au et al. 2025): reviews by people of whom hardly anything is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation import metrics
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PGraphRAG (Amazon)",
    source="github.com/PGraphRAG-benchmark/PGraphRAG",
    version="722a71e040b73e2f38261eec26f37032ccc43353",
    licence="none stated (Amazon Reviews 2023)",
    split="the last review of each user is hidden; one weight is chosen on half of the users by md5",
    protocol="rating from own and neighbours' reviews: MAE, RMSE's square; title from text: ROUGE-1, ROUGE-L",
    files=("amazon_dev.json",),
)
SHRINK = 2.0
WEIGHTS = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75)  # of what others and earlier reviews add to the words'


@dataclass(frozen=True, slots=True)
class Review:
    """One user's stars, title and text for a product."""

    user: str
    product: str
    rating: float
    title: str
    text: str


def read(folder: Path) -> dict[str, tuple[Review, ...]]:
    """By user, oldest first.

    Raises:
        BadInput: a user or review lacks a field.
    """
    raw = CARD.document(folder, CARD.files[0])
    if not isinstance(raw, list) or not raw:
        raise BadInput(folder / CARD.files[0], "no list of users", f"Take the file of version {CARD.version}")
    found = {}
    for i, entry in enumerate(raw):
        place = f"{folder / CARD.files[0]}, user {i}"
        item = mapping(entry, place, "id", "profile")
        found[text(item["id"], place)] = tuple(_review(item["id"], r, place) for r in listing(item["profile"], place))
    return {u: reviews for u, reviews in found.items() if reviews}


def _review(user: str, raw: object, place: str) -> Review:
    item = mapping(raw, place, "rating", "title", "text", "pid")
    if not isinstance(item["rating"], (int, float)):
        raise BadInput(place, f"the rating {item['rating']!r} is no number", "Fetch the file again")
    return Review(user, text(item["pid"], place), float(item["rating"]), str(item["title"]), str(item["text"]))


def count(data: Mapping[str, Sequence[Review]]) -> dict[str, int]:
    """What is in it."""
    every = [r for reviews in data.values() for r in reviews]
    alone = sum(len(reviews) == 1 for reviews in data.values())
    return {"users": len(data), "reviews": len(every), "products": len({r.product for r in every}), "alone": alone}


def measure(data: Mapping[str, Sequence[Review]], encoder: Encoder | None) -> Iterator[Row]:
    """Rating and title from nothing, from neighbours, from both; and from another product's neighbours."""
    del encoder
    last = [reviews[-1] for reviews in data.values()]
    about: dict[str, list[Review]] = {}
    for r in (r for reviews in data.values() for r in reviews):
        about.setdefault(r.product, []).append(r)
    neighbours = [[n for n in about[r.product] if n.user != r.user] for r in last]
    far = [neighbours[(i + len(last) // 2) % len(last)] for i in range(len(last))]
    strangers = [
        [n for n in ns if n.user != r.user and n.product != r.product] for r, ns in zip(last, far, strict=True)
    ]
    own = [list(data[r.user][:-1]) for r in last]
    yield from _ratings(last, own, neighbours, strangers)
    yield from _titles(last, neighbours, strangers)


def _ratings(
    last: Sequence[Review], own: list[list[Review]], near: list[list[Review]], far: list[list[Review]]
) -> Iterator[Row]:
    whole = float(np.mean([r.rating for r in last]))  # of so many that one's own weighs nothing
    gold = np.array([r.rating for r in last])
    words = _by_words(last)
    extra = [
        np.array([_drawn([*n, *o], whole) - whole for n, o in zip(others, own, strict=True)]) for others in (near, far)
    ]
    kept = np.array([bool(digest(f"tune/{r.user}") % 2) for r in last])
    best = min(WEIGHTS, key=lambda a: float(np.abs(words + a * extra[0] - gold)[~kept].mean()))
    guesses = {
        Label("rating", "mean of all"): np.full(len(last), whole),
        Label("rating", "neighbours' mean"): np.array([_drawn(n, whole) for n in near]),
        Label("rating", "words of the review"): words,
        Label("rating", "words, neighbours and own reviews", ours=True): words + best * extra[0],
        Label("rating", "words, another product's neighbours and own reviews", ours=True, control=True): words
        + best * extra[1],
    }
    owners = [r.user for r in last if digest(f"tune/{r.user}") % 2]
    for label, guess in guesses.items():
        error: Floats = np.abs(np.clip(guess, 1, 5) - gold)[kept]
        yield mean(label, "MAE", error, owners, lower=True)
        yield mean(label, "MSE", error**2, owners, lower=True)


def _drawn(reviews: Sequence[Review], whole: float) -> float:
    """Their mean, drawn towards that of all where they are few."""
    return (sum(r.rating for r in reviews) + SHRINK * whole) / (len(reviews) + SHRINK)


def _by_words(last: Sequence[Review]) -> Floats:
    """Ridge regression on TF-IDF of title and text, each fifth predicted from the others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold, cross_val_predict
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2), Ridge(1.0, solver="lsqr"))
    texts = [f"{r.title}. {r.text}" for r in last]
    found: Floats = cross_val_predict(model, texts, [r.rating for r in last], cv=KFold(5, shuffle=True, random_state=0))
    return found


def _titles(last: Sequence[Review], near: list[list[Review]], far: list[list[Review]]) -> Iterator[Row]:
    said = {
        Label("title from text", "first five words"): [" ".join(r.text.split()[:5]) for r in last],
        Label("title from text", "title of the nearest neighbour", ours=True): [
            _nearest(r, n) for r, n in zip(last, near, strict=True)
        ],
        Label("title from text", "of another product's neighbour", ours=True, control=True): [
            _nearest(r, n) for r, n in zip(last, far, strict=True)
        ],
    }
    owners, gold = [r.user for r in last], [r.title for r in last]
    for name in ("rouge_1", "rouge_l"):
        metric = metrics.get(name)
        for label, texts in said.items():
            yield mean(label, name, metrics.each(metric, metric.statistics(texts, gold)), owners)


def _nearest(review: Review, others: Sequence[Review]) -> str:
    """The title of the neighbour whose text is nearest by BM25; empty where there is none."""
    if not others:
        return ""
    return others[ranking.order(ranking.Lexical([o.text for o in others]).scores(review.text))[0]].title
