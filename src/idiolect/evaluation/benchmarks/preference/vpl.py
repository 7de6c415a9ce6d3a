"""VPL pairs (Poddar et al. 2024; HH-RLHF relabelled): two kinds of user who want opposite things."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks import linear
from idiolect.evaluation.benchmarks.card import Card, digest, folded
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="VPL pairs",
    source="github.com/WEIRDLabUW/vpl_llm",
    version="fdfdfa767752",
    licence="none stated; HH-RLHF itself MIT",
    split="users of 40 pairs by md5 of index and prompt; the first 10 are revealed; five folds of users",
    protocol="pairwise accuracy by kind and their plain mean; the kind is not told",
    files=("helpful.jsonl", "harmless.jsonl"),
)
DEALT, REVEALED, FOLDS = 40, 10, 5


@dataclass(frozen=True, slots=True)
class Pair:
    """The reply that this kind of user prefers, and the other."""

    kind: str
    user: str
    place: int
    chosen: str
    rejected: str


def read(folder: Path) -> list[Pair]:
    """Raises:
    BadInput: a line lacks a field, or its label names no reply.
    """
    found = []
    for file in CARD.files:
        kind = file.removesuffix(".jsonl")
        raw = [_pair(item, place) for place, item in CARD.lines(folder, file)]
        raw.sort(key=lambda entry: digest(entry[0]))
        found += [Pair(kind, f"{kind}-{i // DEALT}", i % DEALT, *replies) for i, (_, replies) in enumerate(raw)]
    return found


def _pair(raw: object, place: str) -> tuple[str, tuple[str, str]]:
    item = mapping(raw, place, "Index", "prompt", "responses", "label")
    replies = item["responses"]
    if isinstance(replies, str):  # the published lines hold the list as Python writes it
        try:
            replies = ast.literal_eval(replies)
        except (ValueError, SyntaxError):
            replies = None
    label = str(item["label"])
    if not isinstance(replies, list) or len(replies) != 2 or label not in ("0", "1"):
        raise BadInput(place, "no two responses with a label of 0 or 1", f"Take the file of version {CARD.version}")
    first = int(label)
    return f"{item['Index']}/{item['prompt']}", (text(replies[first], place), text(replies[1 - first], place))


def count(data: Sequence[Pair]) -> dict[str, int]:
    """What is in it."""
    kinds = [f.removesuffix(".jsonl") for f in CARD.files]
    return {k: sum(p.kind == k for p in data) for k in kinds} | {"users": len({p.user for p in data})}


def measure(data: Sequence[Pair], encoder: Encoder | None) -> Iterator[Row]:
    """The longer reply; one reward for all, one told the kind; ours: the kind is inferred from ten revealed pairs.

    The control infers it from the pairs of somebody of the other kind.
    """
    del encoder
    longer = np.array([(len(p.chosen) > len(p.rejected)) + 0.5 * (len(p.chosen) == len(p.rejected)) for p in data])
    yield from _by_kind(data, longer, Label("", "longer reply"))
    asked = [i for i, p in enumerate(data) if p.place >= REVEALED]
    found = predicted(data)
    kept = [data[i] for i in asked]
    for label in (
        Label("", "one reward for all"),
        Label("", "one reward a kind, the kind told"),
        Label("", "two rewards, the kind inferred from ten pairs", ours=True),
        Label("", "two rewards, the kind inferred from another's pairs", ours=True, control=True),
    ):
        yield from _by_kind(kept, found[label.method][asked], label)


def _by_kind(data: Sequence[Pair], values: Floats, label: Label) -> Iterator[Row]:
    owners = [p.user for p in data]
    for kind in dict.fromkeys(p.kind for p in data):
        mine = [i for i, p in enumerate(data) if p.kind == kind]
        part = Label(kind, label.method, label.ours, label.control)
        yield mean(part, "accuracy", values[mine], [owners[i] for i in mine])
    kinds = [p.kind for p in data]
    weight = {k: len(data) / (len(set(kinds)) * kinds.count(k)) for k in set(kinds)}
    balanced = values * np.array([weight[k] for k in kinds])
    part = Label("both kinds", label.method, label.ours, label.control)
    yield mean(part, "accuracy, plain mean of kinds", balanced, owners)


def predicted(data: Sequence[Pair]) -> dict[str, Floats]:
    """(n,) accuracies by method; users in the fold that is measured were not trained on."""
    rows = linear.deltas([(p.chosen, p.rejected) for p in data])
    rows = rows / linear.scale(rows)
    names = sorted({p.user for p in data})
    users = np.array([names.index(p.user) for p in data])
    fold = np.array([folded(p.user, FOLDS) for p in data])
    shown = np.array([p.place < REVEALED for p in data])
    kinds = np.array([p.kind for p in data])
    found: dict[str, Floats] = {}
    for k in (k for k in range(FOLDS) if (fold == k).any()):
        test, train = np.flatnonzero(fold == k), np.flatnonzero(fold != k)
        for method, values in _fold(rows, users, kinds, shown, (train, test)).items():
            found.setdefault(method, np.zeros(len(data)))[test] = values
    return found


def _fold(
    rows: Floats,
    users: NDArray[np.int64],
    kinds: NDArray[np.str_],
    shown: NDArray[np.bool_],
    parts: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> dict[str, Floats]:
    train, test = parts
    told = {k: linear.fit(rows[train][kinds[train] == k]) for k in set(kinds[train])}
    rewards = linear.mixture(rows[train], np.unique(users[train], return_inverse=True)[1])
    _, mine = np.unique(users[test], return_inverse=True)
    known = np.flatnonzero(shown[test])
    belief = linear.belief(rewards, rows[test][known], mine[known])
    scores = rows[test] @ rewards.T
    other = belief[_opposed(kinds[test][np.unique(mine, return_index=True)[1]])]
    return {
        "one reward for all": linear.right(rows[test] @ linear.fit(rows[train])),
        "one reward a kind, the kind told": linear.right(
            np.array([r @ told[k] for r, k in zip(rows[test], kinds[test], strict=True)])
        ),
        "two rewards, the kind inferred from ten pairs": linear.right((scores * belief[mine]).sum(axis=1)),
        "two rewards, the kind inferred from another's pairs": linear.right((scores * other[mine]).sum(axis=1)),
    }


def _opposed(kinds: NDArray[np.str_]) -> NDArray[np.int64]:
    """(U,) for each user one of another kind, by turns; the next where all are of one kind."""
    found = np.roll(np.arange(len(kinds)), 1)
    for kind in set(kinds):
        mine, others = np.flatnonzero(kinds == kind), np.flatnonzero(kinds != kind)
        if len(others):
            found[mine] = others[np.arange(len(mine)) % len(others)]
    return found
