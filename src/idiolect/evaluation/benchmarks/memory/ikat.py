"""TREC iKAT 2023 (Aliannejadi et al. 2024): which of the statements known of a person matter at this turn?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text, whole
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.rows import Label, Row, known, mean
from idiolect.evaluation.metrics import Floats
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="TREC iKAT 2023",
    source="github.com/irlabamsterdam/iKAT",
    version="05399308a3cf4eb56b35bed8bee0771e4f8f1404",
    licence="MIT",
    split="train and test topics; how much earlier turns count is chosen on train, reported on test",
    protocol="turns with a relevant statement; rank all of the topic's; nDCG@3, P@3, R@3, MRR, mean over turns; the"
    " relevant statements' words in the first three",
    files=("2023_train_topics.json", "2023_test_topics.json", "2023_ptkb_rel_nist", "2023_ptkb_rel_org"),
)
PARTS = ("nist", "organisers", "provenance 2023 train")
EARLIER = (0.0, 0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True, slots=True)
class Turn:
    """What is asked, how a person would have written it out, what was said before, and which statements bear on it."""

    topic: str
    asked: str
    resolved: str
    before: str
    statements: tuple[str, ...]
    wanted: dict[str, frozenset[int]]  # by source of judgement, places among the statements


def read(folder: Path) -> list[Turn]:
    """Raises:
    BadInput: a topic or turn lacks a field, or a judgement has not four columns.
    """
    judged = {part: _judged(CARD.find(folder, name)) for part, name in zip(PARTS[:2], CARD.files[2:], strict=True)}
    found: list[Turn] = []
    for name in CARD.files[:2]:
        for i, raw in enumerate(listing(CARD.document(folder, name), folder / name)):
            place = f"{folder / name}, topic {i}"
            found += _turns(mapping(raw, place, "number", "ptkb", "turns"), place, judged, "train" in name)
    return found


def _judged(path: Path) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for number, line in enumerate(whole(path).splitlines(), 1):
        columns = line.split()
        if columns and len(columns) != 4:
            raise BadInput(f"{path}, line {number}", "not four columns", f"Take the file of version {CARD.version}")
        if columns and int(columns[3]) > 0:
            found.setdefault(columns[0], set()).add(columns[2])
    return found


def _turns(topic: dict[str, object], place: str, judged: dict[str, dict[str, set[str]]], train: bool) -> Iterator[Turn]:
    known = mapping(topic["ptkb"], place)
    ids, before = list(known), ""
    for raw in listing(topic["turns"], place):
        turn = mapping(raw, place, "turn_id", "utterance")
        if train:
            wanted = {PARTS[2]: set(map(str, listing(turn.get("ptkb_provenance") or [], place)))}
        else:
            wanted = {part: found.get(f"{topic['number']}_{turn['turn_id']}", set()) for part, found in judged.items()}
        yield Turn(
            str(topic["number"]),
            text(turn["utterance"], place),
            str(turn.get("resolved_utterance", turn["utterance"])),
            before,
            tuple(map(str, known.values())),
            {part: frozenset(ids.index(i) for i in w if i in ids) for part, w in wanted.items()},
        )
        before = text(turn["utterance"], place)


def count(data: Sequence[Turn]) -> dict[str, int]:
    """What is in it; by source of judgement, turns with a relevant statement."""
    turns = {part: sum(bool(t.wanted.get(part)) for t in data) for part in PARTS}
    return {"topics": len({t.topic for t in data}), "turns": len(data)} | turns


def measure(data: Sequence[Turn], encoder: Encoder | None) -> Iterator[Row]:
    """Words, vectors and both, for what was asked and as a person resolved it; ours adds the turn before.

    The control asks the same of the next topic's person, often another one with the same question.
    """
    for part in PARTS:
        turns = [t for t in data if t.wanted.get(part)]
        for query, said in (
            ("utterance only", [t.asked for t in turns]),
            ("resolved (ceiling)", [t.resolved for t in turns]),
        ):
            words = [ranking.Lexical(t.statements).scores(q) for t, q in zip(turns, said, strict=True)]
            found = {"BM25": words}
            if encoder is not None:
                found["MiniLM"] = _dense(encoder, turns, said)
                found["fuse 0.5"] = [ranking.fused(w, d, 0.5) for w, d in zip(words, found["MiniLM"], strict=True)]
            for method, scores in found.items():
                yield from _rows(Label(f"{part}, {query}", method), part, turns, scores)
    if encoder is None:
        return
    train = [t for t in data if t.wanted.get(PARTS[2])]
    best = max(EARLIER, key=lambda w: _gain(train, _ours(encoder, train, w)))
    for part in PARTS[:2]:
        turns = [t for t in data if t.wanted.get(part)]
        label = Label(f"{part}, utterance only", "MiniLM with the turn before, weight from train", ours=True)
        yield from _rows(label, part, turns, _ours(encoder, turns, best))
        others = _exchanged(turns)
        stranger = Label(label.part, "the same over another's statements", ours=True, control=True)
        yield from _told(stranger, part, turns, others, _ours(encoder, others, best))


def _exchanged(turns: Sequence[Turn]) -> list[Turn]:
    """The same turns, each over the statements of the next topic's person."""
    known_of = {t.topic: t.statements for t in turns}
    following = dict(zip(known_of, [*list(known_of)[1:], *list(known_of)[:1]], strict=True))
    return [replace(t, statements=known_of[following[t.topic]]) for t in turns]


def _dense(encoder: Encoder, turns: Sequence[Turn], said: Sequence[str]) -> list[Floats]:
    return [ranking.cosines(encoder, [q], list(t.statements))[0] for t, q in zip(turns, said, strict=True)]


def _ours(encoder: Encoder, turns: Sequence[Turn], weight: float) -> list[Floats]:
    now = _dense(encoder, turns, [t.asked for t in turns])
    before = _dense(encoder, turns, [t.before or t.asked for t in turns])
    return [a + weight * b for a, b in zip(now, before, strict=True)]


def _gain(turns: Sequence[Turn], scores: Sequence[Floats]) -> float:
    pairs = zip(turns, scores, strict=True)
    return float(np.mean([ranking.ndcg(ranking.order(s), set(t.wanted[PARTS[2]]), 3) for t, s in pairs]))


def _rows(label: Label, part: str, turns: Sequence[Turn], scores: Sequence[Floats]) -> Iterator[Row]:
    ranked = [(ranking.order(s), set(t.wanted[part])) for t, s in zip(turns, scores, strict=True)]
    owners = [t.topic for t in turns]
    yield mean(label, "nDCG@3", [ranking.ndcg(r, w, 3) for r, w in ranked], owners)
    yield mean(label, "P@3", [len(w.intersection(r[:3])) / 3 for r, w in ranked], owners)
    yield mean(label, "R@3", [ranking.recall(r, w, 3) for r, w in ranked], owners)
    yield mean(label, "MRR", [ranking.reciprocal(r, w) for r, w in ranked], owners)
    yield from _told(label, part, turns, turns, scores)


def _told(
    label: Label, part: str, turns: Sequence[Turn], whose: Sequence[Turn], scores: Sequence[Floats]
) -> Iterator[Row]:
    """How much of the relevant statements the first three of somebody say."""
    found = []
    for turn, other, of in zip(turns, whose, scores, strict=True):
        answer = " ".join(turn.statements[i] for i in turn.wanted[part])
        read = [other.statements[i] for i in ranking.order(of)[:3]]
        found.append((ranking.told(answer, turn.asked, read), turn.topic))
    yield from known(label, "relevant words in 3 statements", found)
