"""PersonaConvBench (Li et al. 2025): what Reddit makes of an author's reply under his own post."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PersonaConvBench",
    source="huggingface.co/datasets/PERSONABench/PERSONA-Bench; github.com/PERSONA-bench/PERSONA",
    version="fields as Raw_Data_Process.py (385e38c37e20561423bfc3aa6189e71d62e906c5) and PromptMakers/"
    "3.1PromptMaker.py (4c95edb3cf21616f9879692d271c41907ba4d914) read them",
    licence="MIT for the code; of the data README.md says: research only, under Reddit's terms",
    split="upstream's choice: of each post with more than three people and more than two replies by its author the "
    "reply furthest from zero, if further than 3; of those above zero the nearer half is left out",
    protocol="is the score above zero (accuracy), and how high is it (MAE); the author's other replies are known",
    files=("Raw_Data_Postized.json",),
)
GONE = ("", "[deleted]", "[removed]")
LEAST = 3  # people, and distance from zero, that upstream asks more than
REPLIES = 2


@dataclass(frozen=True, slots=True)
class Reply:
    """What an author wrote under his own post, in answer to what, and its score."""

    author: str
    domain: str
    said: str
    answers: str
    score: float
    time: datetime


@dataclass(frozen=True, slots=True)
class Threads:
    """Every reply by a post's author, and the places of those that are asked for."""

    replies: tuple[Reply, ...]
    asked: tuple[int, ...]


def read(folder: Path) -> Threads:
    """Raises:
    BadInput: a post or comment is none.
    """
    path = folder / CARD.files[0]
    raw = CARD.document(folder, CARD.files[0])
    if not isinstance(raw, list) or not raw:
        raise BadInput(path, "no list of posts", f"Take the file from {CARD.source}")
    posts: dict[str, list[tuple[str, dict[str, Any]]]] = {}  # author by author, as upstream goes through them
    for i, entry in enumerate(raw):
        place = f"{path}, post {i}"
        post = mapping(entry, place, "author", "content", "comments", "__sub__")
        posts.setdefault(str(post["author"]), []).append((place, post))
    replies: list[Reply] = []
    asked: list[int] = []
    for place, post in (p for mine in posts.values() for p in mine):
        found, total, people = _replies(post, place)
        best = max(range(len(found)), key=lambda n: (abs(found[n].score), found[n].time), default=-1)
        if people > LEAST and total > REPLIES and best >= 0 and abs(found[best].score) > LEAST:
            asked.append(len(replies) + best)
        replies += found
    above = sorted((n for n in asked if replies[n].score > 0), key=lambda n: abs(replies[n].score))
    left = set(above[: len(above) // 2])
    return Threads(tuple(replies), tuple(n for n in asked if n not in left))


def _replies(post: dict[str, Any], place: str) -> tuple[list[Reply], int, int]:
    """(those with score, time and something that they answer; how many in all; how many people speak)."""
    author, found, total = str(post["author"]), [], 0
    people = {author}
    open_ = [(comment, str(post["content"])) for comment in listing(post["comments"] or [], place)]
    while open_:
        raw, parent = open_.pop()
        comment = mapping(raw, place, "author", "body", "score", "timestamp")
        people |= {str(comment["author"])} if comment["author"] else set()
        said = _plain(comment["body"])
        open_ += [(r, said) for r in listing(comment.get("replies") or [], place)]
        if str(comment["author"]) != author or said.lower() in GONE:
            continue
        total += 1
        time, score = _time(comment["timestamp"]), comment["score"]
        if time is not None and isinstance(score, (int, float)) and _plain(parent).lower() not in GONE:
            found.append(Reply(author, str(post["__sub__"]), said, _plain(parent), float(score), time))
    return found, total, len(people)


def _plain(said: object) -> str:
    return "" if said is None else str(said).strip()


def _time(said: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(said)).replace(tzinfo=None)  # all are UTC, with or without saying so
    except ValueError:
        return None


def count(data: Threads) -> dict[str, int]:
    """What is in it."""
    authors = len({data.replies[n].author for n in data.asked})
    domains = len({r.domain for r in data.replies})
    return {"replies by authors": len(data.replies), "asked": len(data.asked), "authors": authors, "domains": domains}


def measure(data: Threads, encoder: Encoder | None) -> Iterator[Row]:
    """Sign and score as everybody's median, as that of the author's other replies, as another author's."""
    del encoder
    mine: dict[str, list[int]] = {}
    for n, reply in enumerate(data.replies):
        mine.setdefault(reply.author, []).append(n)
    if not data.asked:
        return
    authors = list(mine)
    place = {a: i for i, a in enumerate(authors)}
    gold = [data.replies[n] for n in data.asked]
    usual = float(np.median([r.score for r in gold]))
    own = [[data.replies[m].score for m in mine[data.replies[n].author] if m != n] for n in data.asked]
    far = [[data.replies[m].score for m in mine[authors[(place[r.author] + 1) % len(authors)]]] for r in gold]
    guesses = {
        Label("all", "everybody's median"): [usual] * len(gold),
        Label("all", "median of the author's other replies", ours=True): [_median(o, usual) for o in own],
        Label("all", "median of another author's", ours=True, control=True): [_median(f, usual) for f in far],
    }
    owners = [r.author for r in gold]
    for label, said in guesses.items():
        right = [float((g > 0) == (r.score > 0)) for g, r in zip(said, gold, strict=True)]
        yield mean(label, "above zero, accuracy", right, owners)
    for label, said in guesses.items():
        error = [abs(g - r.score) for g, r in zip(said, gold, strict=True)]
        yield mean(label, "score, MAE", error, owners, lower=True)


def _median(scores: Sequence[float], otherwise: float) -> float:
    return float(np.median(scores)) if scores else otherwise
