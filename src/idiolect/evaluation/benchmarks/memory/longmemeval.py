"""LongMemEval (Wu et al. 2025): 500 questions, each after a chat history of its own; which session answers?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="LongMemEval",
    source="github.com/xiaowu0162/LongMemEval; huggingface.co/datasets/xiaowu0162/longmemeval",
    version="01055c0577b52d96279f15d23382cdff4c50cc2e",
    licence="MIT",
    split="longmemeval_s.json, all 500 questions; abstentions (ids ending in _abs) are not measured",
    protocol="the session that holds the answer among the question's own: recall@5, recall@10, NDCG@10",
    files=("longmemeval_s.json",),
)
FIELDS = (
    "question_id",
    "question_type",
    "question",
    "answer",
    "question_date",
    "haystack_session_ids",
    "haystack_dates",
    "haystack_sessions",
    "answer_session_ids",
)
LISTS = ("haystack_session_ids", "haystack_sessions", "haystack_dates", "answer_session_ids")
ROLES = ("user", "assistant")


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the turns of its sessions, and the places of the sessions that hold its evidence."""

    id: str
    kind: str
    question: str
    answer: str
    sessions: tuple[tuple[str, ...], ...]
    dates: tuple[str, ...]
    wanted: frozenset[int]

    @property
    def abstains(self) -> bool:
        """Whether the right answer is that it was never said."""
        return self.id.endswith("_abs")


def read(folder: Path) -> list[Case]:
    """Raises:
    BadInput: a question lacks a field, or names an evidence session that is not among its own.
    """
    raw = CARD.document(folder, CARD.files[0])
    if not isinstance(raw, list) or not raw:
        raise BadInput(folder / CARD.files[0], "no list of questions", f"Take the file of version {CARD.version}")
    return [_case(entry, f"{folder / CARD.files[0]}, question {i}") for i, entry in enumerate(raw)]


def _case(raw: object, place: str) -> Case:
    item = mapping(raw, place, *FIELDS)
    ids, sessions, dates, evidence = (listing(item[f], place) for f in LISTS)
    if not len(ids) == len(sessions) == len(dates):
        what = f"{len(ids)} session ids, {len(sessions)} sessions, {len(dates)} dates"
        raise BadInput(place, what, "Fetch the file again")
    stray = [a for a in evidence if a not in ids]
    if stray:
        raise BadInput(
            place, f"evidence {stray[0]!r} is not among its sessions", "Take longmemeval_s, not another file"
        )
    return Case(
        text(item["question_id"], place),
        text(item["question_type"], place),
        text(item["question"], place),
        text(item["answer"], place),
        tuple(tuple(_turn(t, f"{place}, session {n}") for t in listing(s, place)) for n, s in enumerate(sessions)),
        tuple(map(str, dates)),
        frozenset(ids.index(a) for a in evidence),
    )


def _turn(raw: object, place: str) -> str:
    turn = mapping(raw, place, "role", "content")
    if turn["role"] not in ROLES:
        raise BadInput(place, f"no role {turn['role']!r}", f"Known are {', '.join(ROLES)}")
    return f"{turn['role']}: {turn['content']}"


def count(data: Sequence[Case]) -> dict[str, int]:
    """What is in it."""
    sessions = sum(len(c.sessions) for c in data)
    return {"questions": len(data), "abstentions": sum(c.abstains for c in data), "sessions": sessions}


def measure(data: Sequence[Case], encoder: Encoder | None) -> Iterator[Row]:
    """BM25 over sessions; with an encoder the best turn of each, and both joined."""
    asked = [c for c in data if not c.abstains and c.wanted]
    found: dict[str, list[Floats]] = {}
    for case in asked:
        words = ranking.Lexical(["\n".join(s) for s in case.sessions]).scores(case.question)
        found.setdefault("BM25", []).append(words)
        if encoder is not None:
            dense = _best_turns(encoder, case)
            found.setdefault("MiniLM, best turn", []).append(dense)
            found.setdefault("fuse 0.5", []).append(ranking.fused(words, dense, 0.5))
    for method, scores in found.items():
        label = Label("all", method, ours=method == "fuse 0.5")
        ranked = [(ranking.order(s), set(c.wanted)) for s, c in zip(scores, asked, strict=True)]
        owners = [c.id for c in asked]
        for k in (5, 10):
            yield mean(label, f"recall@{k}", [ranking.recall(r, w, k) for r, w in ranked], owners)
        yield mean(label, "NDCG@10", [ranking.ndcg(r, w, 10) for r, w in ranked], owners)


def _best_turns(encoder: Encoder, case: Case) -> Floats:
    turns = [t for s in case.sessions for t in s]
    scores = ranking.cosines(encoder, [case.question], turns)[0]
    found, start = [], 0
    for session in case.sessions:
        found.append(max(scores[start : start + len(session)], default=-1.0))
        start += len(session)
    return np.array(found)
