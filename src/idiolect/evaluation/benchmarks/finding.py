"""Finding what bears on a question among one person's own documents, by words alone.

Published files refer here and there to a document that they do not hold. Such a question cannot be measured, so it is
left out and counted; where many are like that, two files of different versions were put together, and they are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from idiolect.core.errors import BadInput
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.rows import Label, Row, mean

ASTRAY = 0.05  # the share of questions that may refer to what is not there

Ranked = tuple[str, str, list[int], set[int]]  # owner, kind, places best first, places wanted


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one person's documents, and the ids of those that answer it; none where no gold is given."""

    owner: str
    kind: str
    question: str
    answer: str
    wanted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Histories:
    """By person, his documents by id; what is asked of them; how many questions referred to a document not there."""

    documents: Mapping[str, Mapping[str, str]]
    questions: tuple[Question, ...]
    astray: int


def joined(documents: Mapping[str, Mapping[str, str]], asked: Iterable[tuple[str, Question]]) -> Histories:
    """Questions beside the documents that they refer to.

    Args:
        asked: (place in the file, question); every owner has documents.

    Raises:
        BadInput: more than one in twenty refer to a document that is not there.
    """
    kept: list[Question] = []
    lost: list[tuple[str, str]] = []
    for place, question in asked:
        missing = next((w for w in question.wanted if w not in documents[question.owner]), None)
        if missing is None:
            kept.append(question)
        else:
            lost.append((place, missing))
    if len(lost) > ASTRAY * (len(kept) + len(lost)):
        place, missing = lost[0]
        what = f"no document has the id {missing!r}, and {len(lost) - 1} more questions are like that"
        raise BadInput(place, what, "Take all files of one version")
    return Histories(documents, tuple(kept), len(lost))


def count(data: Histories) -> dict[str, int]:
    """What is in it."""
    return {
        "people": len(data.documents),
        "documents": sum(map(len, data.documents.values())),
        "questions": len(data.questions),
        "left out, evidence not there": data.astray,
    }


def measure(data: Histories, cuts: tuple[int, ...] = (5, 10)) -> Iterator[Row]:
    """BM25 among each person's own documents, over all and by kind of question: recall at the cuts, and MRR."""
    asked: dict[str, list[Question]] = {}
    for question in data.questions:
        if question.wanted:
            asked.setdefault(question.owner, []).append(question)
    found = [r for owner, questions in asked.items() for r in _ranked(data.documents[owner], questions)]
    kinds = sorted({kind for _, kind, _, _ in found})
    for part in ("all", *kinds) if len(kinds) > 1 else ("all",):
        mine = [r for r in found if part in ("all", r[1])]
        if mine:
            yield from _rows(Label(part, "BM25"), mine, cuts)


def _ranked(documents: Mapping[str, str], questions: Iterable[Question]) -> Iterator[Ranked]:
    places = {id: n for n, id in enumerate(documents)}
    index = ranking.Lexical(list(documents.values()))
    for q in questions:
        yield q.owner, q.kind, ranking.order(index.scores(q.question)), {places[w] for w in q.wanted}


def _rows(label: Label, found: list[Ranked], cuts: tuple[int, ...]) -> Iterator[Row]:
    owners = [owner for owner, _, _, _ in found]
    for k in cuts:
        yield mean(label, f"recall@{k}", [ranking.recall(r, w, k) for _, _, r, w in found], owners)
    yield mean(label, "MRR", [ranking.reciprocal(r, w) for _, _, r, w in found], owners)
