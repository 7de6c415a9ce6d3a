"""PersonaMem (Jiang et al. 2025): four replies to a user whose preferences moved over many sessions; which one fits?"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping
from idiolect.evaluation.benchmarks import choosing
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.choosing import Choice
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PersonaMem",
    source="github.com/bowen-upenn/PersonaMem; files from huggingface.co/datasets/bowen-upenn/PersonaMem, "
    "now PersonaMem-v1",
    version="041d82ac6170d3e62c8f105d16df357dced48d73",
    licence="MIT (the data set's page)",
    split="the 32k version: all questions",
    protocol="accuracy over four options, by type of question; the context ends where the question says",
    files=("questions_32k.csv", "shared_contexts_32k.jsonl"),
)
COLUMNS = (
    "persona_id",
    "question_id",
    "question_type",
    "user_question_or_message",
    "correct_answer",
    "all_options",
    "shared_context_id",
    "end_index_in_shared_context",
)
LETTERS = "abcd"
RECENT = 40  # messages of the context that likeness is measured to


@dataclass(frozen=True, slots=True)
class Case:
    """What is asked, the options, the place of the right one, and what was said until then."""

    id: str
    person: str
    kind: str
    question: str
    options: tuple[str, ...]
    right: int
    said: tuple[tuple[str, str], ...]  # (role, content)


def read(folder: Path) -> list[Case]:
    """Raises:
    BadInput: a column is missing, a context is not there, or an answer names no option.
    """
    contexts: dict[str, list[tuple[str, str]]] = {}
    for place, raw in CARD.lines(folder, CARD.files[1]):
        for key, messages in mapping(raw, place).items():
            turns = [mapping(m, place, "role", "content") for m in listing(messages, place)]
            contexts[key] = [(str(t["role"]), str(t["content"])) for t in turns]
    path = folder / CARD.files[0]
    rows = CARD.table(folder, CARD.files[0], *COLUMNS)
    return [_case(row, contexts, f"{path}, question {row['question_id']}") for row in rows]


def _case(row: dict[str, str], contexts: dict[str, list[tuple[str, str]]], place: str) -> Case:
    whole = contexts.get(row["shared_context_id"])
    if whole is None:
        raise BadInput(place, "its context is not there", "Take questions and contexts of the same length")
    try:
        options, end = ast.literal_eval(row["all_options"]), int(row["end_index_in_shared_context"])
    except (ValueError, SyntaxError) as error:
        raise BadInput(place, f"options or end index cannot be read ({error})", "Fetch the file again") from error
    right = LETTERS.find(row["correct_answer"].strip("() ").lower())
    if not isinstance(options, list) or len(options) != len(LETTERS) or right < 0:
        raise BadInput(place, "not four options and the letter of one", f"Take the file of version {CARD.version}")
    return Case(
        row["question_id"],
        row["persona_id"],
        row["question_type"],
        row["user_question_or_message"],
        tuple(map(str, options)),
        right,
        tuple(whole[:end]),
    )


def count(data: Sequence[Case]) -> dict[str, int]:
    """What is in it."""
    return {"questions": len(data), "people": len({c.person for c in data}), "types": len({c.kind for c in data})}


def measure(data: Sequence[Case], encoder: Encoder | None) -> Iterator[Row]:
    """Without a reader: the option most like what the user said, by type of question."""
    del encoder
    yield from choosing.measure([Choice(c.person, c.kind, _known(c), c.options, c.right) for c in data])


def _known(case: Case) -> str:
    return " ".join([content for role, content in case.said if role == "user"][-RECENT:])
