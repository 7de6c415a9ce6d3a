"""PersonaBench (Tan et al. 2025): facts about a person in noisy private documents; which segments hold the answer?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, known, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

ROOT, NOISE = "community_0", ("0.0", "0.5")
KINDS = ("conversation", "user_ai_interaction", "purchase_history")
CARD = Card(
    title="PersonaBench",
    source="github.com/SalesforceAIResearch/personabench",
    version="cf1a9550f36d5a5deb9fadcb3919131f8d82cf54",
    licence="CC BY-NC-SA 4.0, research only",
    split="people with documents; a weight is chosen on the other people than the one who is measured",
    protocol="one index a person, a document is a segment as compact JSON; of several values the best combination; the"
    " answer's words in the first five segments",
    files=(
        f"{ROOT}/eval_info/eval_info_all.json",
        *(f"{ROOT}/eval_info/qa_gt_context_all_noise_{n}.json" for n in NOISE),
        *(f"{ROOT}/private_data/noise_{n}/{k}_data_all.json" for n in NOISE for k in KINDS),
    ),
)
LEFT_OUT, MOST, WEIGHTS = "Subjective", 5000, (0.0, 0.2, 0.4, 0.6, 0.8)
READ = 5  # segments that are given


@dataclass(frozen=True, slots=True)
class Case:
    """A question, the values of its answer, and for each the places of the segments that support it."""

    kind: str
    question: str
    answer: tuple[str, ...]
    wanted: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One person's segments at one level of noise."""

    name: str
    documents: tuple[str, ...]
    cases: tuple[Case, ...]


def read(folder: Path) -> dict[str, list[Person]]:
    """By level of noise.

    Raises:
        BadInput: a field is missing, or the gold names a segment that is not there.
    """
    asked = {}
    for person, place in _items(folder, CARD.files[0], "Name", "Eval_Info"):
        questions = listing(mapping(person["Eval_Info"], place, "qa")["qa"], place)
        asked[str(person["Name"])] = [mapping(q, place, "q_id", "question", "type") for q in questions]
    return {noise: _people(folder, noise, asked) for noise in NOISE}


def _people(folder: Path, noise: str, asked: Mapping[str, list[dict[str, object]]]) -> list[Person]:
    gold_file = f"{ROOT}/eval_info/qa_gt_context_all_noise_{noise}.json"
    named = _items(folder, gold_file, "q_id", "segment_id")
    gold = {str(g["q_id"]): mapping(g["segment_id"], place) for g, place in named}
    documents: dict[str, dict[str, str]] = {}
    for kind in KINDS:
        file = f"{ROOT}/private_data/noise_{noise}/{kind}_data_all.json"
        for item, place in _items(folder, file, "Name", "Data"):
            documents.setdefault(str(item["Name"]), {}).update(_segments(listing(item["Data"], place), kind, place))
    found = []
    for name, segments in documents.items():
        ids = list(segments)
        cases = [_case(q, gold, ids, folder / gold_file) for q in asked.get(name, ()) if q["type"] != LEFT_OUT]
        found.append(Person(name, tuple(segments.values()), tuple(c for c in cases if c)))
    return found


def _segments(data: list[Any], kind: str, place: str) -> Iterator[tuple[str, str]]:
    """The id and the text of each segment; conversations lie in one list a partner."""
    if kind == "conversation":
        groups = [mapping(group, place, "Conversations")["Conversations"] for group in data]
        data = [segment for group in groups for segment in listing(group, place)]
    for raw in data:
        segment = mapping(raw, place, "segment_id")
        body = {k: v for k, v in segment.items() if k not in ("segment_id", "session")}
        yield str(segment["segment_id"]), json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def _items(folder: Path, file: str, *fields: str) -> Iterator[tuple[dict[str, Any], str]]:
    """The entries of a file, each with its place."""
    for n, raw in enumerate(listing(CARD.document(folder, file), folder / file)):
        place = f"{folder / file}, entry {n}"
        yield mapping(raw, place, *fields), place


def _case(raw: dict[str, object], gold: Mapping[str, dict[str, list[str]]], ids: list[str], place: Path) -> Case | None:
    stated = gold.get(str(raw["q_id"]))
    if stated is None:
        return None
    if stray := [s for group in stated.values() for s in listing(group, place) if s not in ids]:
        raise BadInput(place, f"no document has the segment {stray[0]!r}", "Take all files of one version")
    kind = f"{raw['type']} {raw.get('difficulty')}" if raw["type"] == "Preference" else str(raw["type"])
    wanted = tuple(tuple(ids.index(s) for s in group) for group in stated.values() if group)
    return Case(kind, text(raw["question"], place), tuple(stated), wanted)


def count(data: Mapping[str, Sequence[Person]]) -> dict[str, int]:
    """What is in it."""
    found = {"people": len(data[NOISE[0]]), "questions": sum(len(p.cases) for p in data[NOISE[0]])}
    return found | {f"segments at noise {n}": sum(len(p.documents) for p in ps) for n, ps in data.items()}


def measure(data: Mapping[str, Sequence[Person]], encoder: Encoder | None) -> Iterator[Row]:
    """Words, vectors, both; ours: a weight that the other people choose. The control: the same over another's data."""
    for noise, people in data.items():
        words = {p.name: _lexical(p, p) for p in people}
        yield from _rows(noise, Label("", "BM25"), people, words)
        if encoder is None:
            continue
        dense = {p.name: _dense(encoder, p, p) for p in people}
        yield from _rows(noise, Label("", "MiniLM"), people, dense)
        mixed = {w: {n: ranking.fused(words[n], dense[n], w) for n in words} for w in (*WEIGHTS, 0.5)}
        yield from _rows(noise, Label("", "fuse 0.5"), people, mixed[0.5])
        chosen = {p.name: _tuned([o for o in people if o is not p], mixed) for p in people}
        ours = {name: mixed[weight][name] for name, weight in chosen.items()}
        yield from _rows(noise, Label("", "fuse, weight from the other people", ours=True), people, ours)
        strangers = dict(zip(people, [*people[1:], *people[:1]], strict=True))
        other = {
            p.name: ranking.fused(_lexical(p, s), _dense(encoder, p, s), chosen[p.name]) for p, s in strangers.items()
        }
        yield from _told(
            noise, Label("", "the same over another's documents", ours=True, control=True), strangers, other
        )


def _lexical(person: Person, whose: Person) -> Floats:
    index = ranking.Lexical(whose.documents)
    return np.stack([index.scores(c.question) for c in person.cases])


def _dense(encoder: Encoder, person: Person, whose: Person) -> Floats:
    return ranking.cosines(encoder, [c.question for c in person.cases], list(whose.documents))


def _tuned(people: Sequence[Person], mixed: Mapping[float, Mapping[str, Floats]]) -> float:
    def found(weight: float) -> float:
        pairs = [(c, s) for p in people for c, s in zip(p.cases, mixed[weight][p.name], strict=True)]
        return float(np.mean([_best(c, s)[0] for c, s in pairs]))

    return max(WEIGHTS, key=found)


def _best(case: Case, scores: Floats) -> tuple[float, float]:
    """(recall@5, NDCG@5) of the best combination of one segment a value; each figure by itself."""
    ranked = ranking.order(scores)[:READ]
    combinations = [set(c) for c in islice(product(*case.wanted), MOST)]
    recall = max(ranking.recall(ranked, c, READ) for c in combinations)
    return recall, max(ranking.ndcg(ranked, c, READ) for c in combinations)


def _rows(noise: str, label: Label, people: Sequence[Person], scores: Mapping[str, Floats]) -> Iterator[Row]:
    pairs = [(p.name, c, s) for p in people for c, s in zip(p.cases, scores[p.name], strict=True)]
    for kind in ("all", *dict.fromkeys(c.kind for _, c, _ in pairs)):
        mine = [(name, _best(c, s)) for name, c, s in pairs if kind in ("all", c.kind)]
        part = Label(f"noise {noise}, {kind}", label.method, label.ours, label.control)
        for n, metric in enumerate(("recall@5", "NDCG@5")):
            yield mean(part, metric, [values[n] for _, values in mine], [name for name, _ in mine])
    yield from _told(noise, label, {p: p for p in people}, scores)


def _told(noise: str, label: Label, whose: Mapping[Person, Person], scores: Mapping[str, Floats]) -> Iterator[Row]:
    """How much of the answers' values the first segments of somebody say."""
    found = []
    for person, other in whose.items():
        for case, of in zip(person.cases, scores[person.name], strict=True):
            read = [other.documents[i] for i in ranking.order(of)[:READ]]
            found.append((ranking.told(" ".join(case.answer), case.question, read), person.name))
    part = Label(f"noise {noise}, all", label.method, label.ours, label.control)
    yield from known(part, f"answer's words in {READ} segments", found)
