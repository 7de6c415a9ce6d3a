"""DPL (Qiu et al. 2025): reviews in a person's manner, each of an item whose title, description and stars are given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.core.types import Message, Post, Query
from idiolect.data.dataset import Asked, Dataset
from idiolect.data.readers.text import instant, listing, mapping, text
from idiolect.evaluation import metrics
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.retrieval.protocol import Encoder

CATEGORIES = ("Books", "CDs_and_Vinyl", "Movies_and_TV")
CARD = Card(
    title="DPL",
    source="huggingface.co/datasets/SnowCharmQ/DPL-main (split test) and DPL-meta (split full), each category's rows "
    "written as JSON lines; fields as in github.com/SnowCharmQ/DPL, data/data-create.py",
    version="4d3cb6374a707b2669758a00c0fad5303980424e (of data/data-create.py)",
    licence="see the data sets' pages (drawn from Amazon Reviews 2023)",
    split="<category>/test.jsonl and <category>/meta.jsonl, at least one of " + ", ".join(CATEGORIES),
    protocol="ROUGE-1 and ROUGE-L of each user's last review, its stars and headline given; without a model: what is "
    "said of the item, and an earlier review of the user's own",
    files=(),
)
REVIEW = ("rating", "title", "text", "asin", "timestamp")


def read(folder: Path) -> dict[str, Dataset]:
    """By category, those whose folder is there: earlier reviews as posts, oldest first, and the last one as a question.

    Raises:
        BadInput: no category is there, a row lacks a field, or an item has no description.
    """
    there = [c for c in CATEGORIES if (folder / c).is_dir()]
    if not there:
        raise BadInput(folder, f"none of {', '.join(CATEGORIES)} is in it", f"They come from {CARD.source}")
    return {category: _category(folder / category) for category in there}


def _category(folder: Path) -> Dataset:
    items: dict[str, str] = {}
    for place, raw in CARD.lines(folder, "meta.jsonl"):
        item = mapping(raw, place, "asin", "title", "description")
        items[text(item["asin"], place)] = "\n".join(
            " ".join(text(item[f], place).split()) for f in ("title", "description")
        )
    people: dict[str, tuple[Post, ...]] = {}
    asked = []
    for place, raw in CARD.lines(folder, "test.jsonl"):
        row = mapping(raw, place, "user_id", "profile", "data")
        user = text(row["user_id"], place)
        if user in people:
            raise BadInput(place, f"the user {user!r} comes twice", "Take the split test alone")
        past = [_post(p, items, f"{place}, review {n}") for n, p in enumerate(listing(row["profile"], place))]
        people[user] = tuple(sorted(past, key=lambda p: p.time))
        last = _post(row["data"], items, place)
        query = Query(messages=(Message("user", last.prompt),), task=last.task, input=last.prompt, time=last.time)
        asked.append(Asked(id=user, user=user, task=last.task, query=query, target=last.text))
    if not asked:
        raise BadInput(folder / "test.jsonl", "it holds no row", "Write the split test as JSON lines")
    return Dataset(name=folder.name, people=people, questions=tuple(asked))


def _post(raw: object, items: Mapping[str, str], place: str) -> Post:
    review = mapping(raw, place, *REVIEW)
    asin = text(review["asin"], place)
    if asin not in items:
        raise BadInput(place, f"the item {asin!r} is not in meta.jsonl", "Take both files of one category")
    stars, title = text(review["rating"], place), text(review["title"], place)
    said = text(review["text"], place)
    prompt = f"{items[asin]}\nStars: {stars}\nHeadline: {title}"
    time = instant(review["timestamp"], place) / 1000  # they are milliseconds
    return Post(id=asin, time=time, task="review", prompt=prompt, text=said)


def count(data: Mapping[str, Dataset]) -> dict[str, int]:
    """What is in it."""
    found = {}
    for category, dataset in data.items():
        found[f"{category} users"] = len(dataset.people)
        found[f"{category} earlier reviews"] = sum(map(len, dataset.people.values()))
    return found


def measure(data: Mapping[str, Dataset], encoder: Encoder | None) -> Iterator[Row]:
    """The description, the user's latest review; ours: his review of the likest item; and another user's."""
    del encoder
    for category, dataset in data.items():
        people = {user: [p for p in past if isinstance(p, Post)] for user, past in dataset.people.items()}
        asked = [q for q in dataset.questions if people[q.user]]
        owners, gold = [q.user for q in asked], [q.target for q in asked]
        said = {
            Label(category, "the item's description"): [q.query.input.split("\n", 2)[1] for q in asked],
            Label(category, "the user's latest review"): [people[q.user][-1].text for q in asked],
            Label(category, "the user's review of the likest item", ours=True): _likest(asked, people, owners),
            Label(category, "another user's review of the likest item", ours=True, control=True): _likest(
                asked, people, [*owners[1:], *owners[:1]]
            ),
        }
        for name in ("rouge_1", "rouge_l"):
            metric = metrics.get(name)
            for label, texts in said.items():
                yield mean(label, name, metrics.each(metric, metric.statistics(texts, gold)), owners)


def _likest(asked: Sequence[Asked], people: Mapping[str, Sequence[Post]], whose: Sequence[str]) -> list[str]:
    """For each question the review, among those of the user beside, of the item that is most like the one asked."""
    found = []
    for question, user in zip(asked, whose, strict=True):
        past = people[user]
        order = ranking.order(ranking.Lexical([p.prompt for p in past]).scores(question.query.input))
        found.append(past[order[0]].text)
    return found
