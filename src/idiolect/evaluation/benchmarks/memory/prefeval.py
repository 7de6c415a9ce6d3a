"""PrefEval (Zhao et al. 2025): a stated preference is found again, and kept, when a question would break it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Label, Row, known, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

TOPICS = (
    "education_learning_styles",
    "entertain_music_book",
    "entertain_shows",
    "entertain_sports",
    "lifestyle_beauty",
    "lifestyle_health",
    "shop_fashion",
    "shop_motors",
    "shop_technology",
    "travel_activities",
    "travel_restaurant",
    "travel_transportation",
)
CARD = Card(
    title="PrefEval",
    source="github.com/amazon-science/PrefEval, benchmark_dataset",
    version="50795054b5ff5f418d2b768a331d71e480f93331",
    licence="CC BY-NC 4.0",
    split="whole topics: a weight is chosen on the other topics than the one that is measured",
    protocol="query: the question; documents: preferences of its topic; R@1, R@5, MRR; four options in order of md5",
    files=tuple(f"{kind}/{topic}.json" for kind in ("explicit_preference", "mcq_options") for topic in TOPICS),
)
OPTIONS = "classification_task_options"
WEIGHTS = (0.0, 0.1, 0.2, 0.3, 0.5)
READ = 5  # preferences that are given


@dataclass(frozen=True, slots=True)
class Case:
    """A preference, a question, and four answers of which the first keeps it."""

    topic: str
    preference: str
    question: str
    options: tuple[str, ...]


def read(folder: Path) -> list[Case]:
    """Raises:
    BadInput: a row lacks a field, or the two files of a topic do not agree.
    """
    found = []
    for topic in TOPICS:
        stated, asked = (
            _rows(folder, f"{kind}/{topic}.json", fields)
            for kind, fields in (
                ("explicit_preference", ("preference", "question")),
                ("mcq_options", ("preference", "question", OPTIONS)),
            )
        )
        if len(stated) != len(asked):
            what = f"{len(stated)} preferences and {len(asked)} rows of options"
            raise BadInput(folder / f"mcq_options/{topic}.json", what, "Take both files of one version")
        for row, options in zip(stated, asked, strict=True):
            given = tuple(map(str, listing(options[OPTIONS], folder / f"mcq_options/{topic}.json")))
            found.append(Case(topic, str(row["preference"]), str(row["question"]), given))
    return found


def _rows(folder: Path, name: str, fields: Sequence[str]) -> list[dict[str, Any]]:
    raw, place = CARD.document(folder, name), folder / name
    if not isinstance(raw, list):
        raise BadInput(place, "no list of rows", f"Take the file of version {CARD.version}")
    rows = [mapping(r, f"{place}, row {i}", *fields) for i, r in enumerate(raw)]
    for i, row in enumerate(rows):
        text(row["preference"], f"{place}, row {i}")
    return rows


def count(data: Sequence[Case]) -> dict[str, int]:
    """What is in it."""
    return {"topics": len({c.topic for c in data}), "preferences": len(data)}


def measure(data: Sequence[Case], encoder: Encoder | None) -> Iterator[Row]:
    """Words and vectors within the topic; ours joins both by a weight that other topics choose.

    The control asks the same among another topic's preferences, and is read from the wanted preference's words.
    """
    topics = {t: [c for c in data if c.topic == t] for t in dict.fromkeys(c.topic for c in data)}
    lexical = {t: _lexical([c.preference for c in cs], [c.question for c in cs]) for t, cs in topics.items()}
    own = {t: t for t in topics}
    yield from _ranked(Label("within the topic", "BM25"), lexical)
    yield from _told(Label("within the topic", "BM25"), topics, own, lexical)
    if encoder is None:
        return
    dense = {
        t: ranking.cosines(encoder, [c.question for c in cs], [c.preference for c in cs]) for t, cs in topics.items()
    }
    yield from _ranked(Label("within the topic", "MiniLM"), dense)
    yield from _told(Label("within the topic", "MiniLM"), topics, own, dense)
    mixed = {t: {w: ranking.fused(lexical[t], dense[t], w) for w in WEIGHTS} for t in topics}
    best = {t: _tuned({o: mixed[o] for o in topics if o != t}) for t in topics}
    ours = {t: mixed[t][best[t]] for t in topics}
    label = Label("within the topic", "fuse, weight from the other topics", ours=True)
    yield from _ranked(label, ours)
    yield from _told(label, topics, own, ours)
    strangers = dict(zip(topics, [*list(topics)[1:], *list(topics)[:1]], strict=True))
    other = {}
    for topic, whose in strangers.items():
        kept, asked = [c.preference for c in topics[whose]], [c.question for c in topics[topic]]
        other[topic] = ranking.fused(_lexical(kept, asked), ranking.cosines(encoder, asked, kept), best[topic])
    label = Label("within the topic", "the same among another topic's preferences", ours=True, control=True)
    yield from _told(label, topics, strangers, other)
    yield from _chosen(data, encoder)


def _lexical(documents: list[str], queries: list[str]) -> Floats:
    index = ranking.Lexical(documents)
    return np.stack([index.scores(q) for q in queries])


def _tuned(mixed: Mapping[str, Mapping[float, Floats]]) -> float:
    def found(weight: float) -> float:
        return float(np.mean([r for scores in mixed.values() for r in _reciprocals(scores[weight])]))

    return max(WEIGHTS, key=found)


def _reciprocals(scores: Floats) -> list[float]:
    return [ranking.reciprocal(ranking.order(s), {i}) for i, s in enumerate(scores)]


def _ranked(label: Label, by_topic: Mapping[str, Floats]) -> Iterator[Row]:
    owners = [t for t, scores in by_topic.items() for _ in scores]
    ranked = [(i, ranking.order(s)) for scores in by_topic.values() for i, s in enumerate(scores)]
    for k in (1, READ):
        yield mean(label, f"R@{k}", [float(i in r[:k]) for i, r in ranked], owners)
    yield mean(label, "MRR", [ranking.reciprocal(r, {i}) for i, r in ranked], owners)


def _told(
    label: Label, topics: Mapping[str, Sequence[Case]], whose: Mapping[str, str], scores: Mapping[str, Floats]
) -> Iterator[Row]:
    """How much of the wanted preference the first ones of a topic say."""
    found = []
    for topic, other in whose.items():
        kept = [c.preference for c in topics[other]]
        for case, of in zip(topics[topic], scores[topic], strict=True):
            read = [kept[i] for i in ranking.order(of)[:READ]]
            found.append((ranking.told(case.preference, case.question, read), topic))
    yield from known(label, f"preference's words in {READ}", found)


def _chosen(data: Sequence[Case], encoder: Encoder) -> Iterator[Row]:
    """Likeness alone, which wrong options that name what is avoided defeat: a diagnostic."""
    right = []
    for c in data:
        shown = sorted(range(4), key=lambda i: digest(c.options[i]))
        scores = ranking.cosines(encoder, [f"{c.preference} {c.question}"], [c.options[i] for i in shown])[0]
        right.append(float(shown[ranking.order(scores)[0]] == 0))
    yield mean(Label("multiple choice", "MiniLM"), "accuracy", right, [c.topic for c in data])
