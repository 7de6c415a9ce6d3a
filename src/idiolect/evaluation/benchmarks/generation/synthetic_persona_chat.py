"""Synthetic-Persona-Chat (Jandaghi et al. 2023): two personas and their conversation; which persona is it of?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from idiolect.core.errors import BadInput
from idiolect.evaluation.benchmarks import ranking
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Label, Row, mean
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="Synthetic-Persona-Chat",
    source="github.com/google-research-datasets/Synthetic-Persona-Chat",
    version="1f367a0f05d388ca96ebbbc9e5752ab19ac76510",
    licence="CC BY 4.0",
    split="the validation part",
    protocol="from what one speaker says, his persona among 20 drawn by md5: hits@1, MRR",
    files=("Synthetic-Persona-Chat_valid.csv",),
)
COLUMNS = ("user 1 personas", "user 2 personas", "Best Generated Conversation")
AMONG = 20


@dataclass(frozen=True, slots=True)
class Speaker:
    """What he said, and the lines of his persona in one order: the same lines are the same persona."""

    dialogue: str
    persona: tuple[str, ...]
    said: str


def read(folder: Path) -> list[Speaker]:
    """Two speakers a dialogue, as far as both say something.

    Raises:
        BadInput: a column is missing, or nobody says anything.
    """
    found = []
    for n, row in enumerate(CARD.table(folder, CARD.files[0], *COLUMNS)):
        for which, column in enumerate(COLUMNS[:2], 1):
            lines = re.findall(rf"^User {which}: (.*)$", row[COLUMNS[2]], re.MULTILINE)
            if not lines:
                continue  # a few dialogues are of one speaker alone
            persona = tuple(sorted(line for line in row[column].splitlines() if line.strip()))
            found.append(Speaker(f"{n}/{which}", persona, " ".join(lines)))
    if not found:
        raise BadInput(folder / CARD.files[0], "no dialogue has a line of User 1 or 2", f"Take version {CARD.version}")
    return found


def count(data: Sequence[Speaker]) -> dict[str, int]:
    """What is in it."""
    return {"speakers": len(data), "personas": len({s.persona for s in data})}


def measure(data: Sequence[Speaker], encoder: Encoder | None) -> Iterator[Row]:
    """BM25 between what was said and the personas; under what another speaker said beside.

    Dialogues that follow one another share personas: the other speaker is far off, and has no line in common.
    """
    del encoder
    personas = sorted({s.persona for s in data}, key=lambda p: digest(" ".join(p)))
    for label, others in (
        (Label("persona among 20", "BM25", ours=True), data),
        (Label("persona among 20", "from another speaker's words", ours=True, control=True), _strangers(data)),
    ):
        ranked = [_places(s, other.said, personas) for s, other in zip(data, others, strict=True)]
        owners = [s.dialogue for s in data]
        yield mean(label, "hits@1", [float(p == 1) for p in ranked], owners)
        yield mean(label, "MRR", [1 / p for p in ranked], owners)
    chance = [1 / AMONG] * len(data)
    yield mean(Label("persona among 20", "chance"), "hits@1", chance, [s.dialogue for s in data])


def _strangers(data: Sequence[Speaker]) -> list[Speaker]:
    """For each the first from half the list on with whom he shares no line; himself where he shares with all."""
    found, half = [], len(data) // 2
    for i, speaker in enumerate(data):
        after = (data[(i + half + step) % len(data)] for step in range(len(data)))
        found.append(next((o for o in after if not set(o.persona) & set(speaker.persona)), speaker))
    return found


def _places(speaker: Speaker, said: str, personas: Sequence[tuple[str, ...]]) -> int:
    """Where his persona comes among those drawn for him."""
    start = digest(speaker.dialogue) % len(personas)
    drawn = [p for p in (*personas[start:], *personas[:start]) if p != speaker.persona][: AMONG - 1]
    among = [*drawn, speaker.persona]
    scores = ranking.Lexical([" ".join(p) for p in among]).scores(said)
    return int(np.sum(scores > scores[-1]) + np.sum(scores == scores[-1]))  # the later of equals
