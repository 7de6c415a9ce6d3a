"""HiCUPID (Mok et al. 2025): questions whose answers depend on something the user let slip in one of 40 dialogues."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import lines, listing, mapping, text
from idiolect.evaluation.benchmarks import finding
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.finding import Histories, Question
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="HiCUPID",
    source="huggingface.co/datasets/12kimih/HiCUPID, each split of its `dialogue` and `qa` written as JSON lines, "
    "dialogue/<split>.jsonl and qa/<split>.jsonl; github.com/12kimih/HiCUPID",
    version="README.md of d662a00c1a52f70e02255a89ad89fd5fc86cae43; fields as src/inference_hf.py and "
    "src/utils/inference.py of github.com/anonymsubmission-arr/HiCUPID, 1e784c49dcc3a7501267f8272c320a9b7600a5b4",
    licence="Apache-2.0",
    split="the splits of `qa` with `test` in their name, as upstream takes them",
    protocol="the dialogues that hold the answer among all of the user's own: recall@5, recall@10, MRR, by type",
    files=(),
)
ASKED = ("user_id", "dialogue_id", "question", "personalized_answer", "type")


def read(folder: Path) -> Histories:
    """Raises:
    BadInput: a part is not there or has no rows, a row lacks a field, or many refer to dialogues that are not there.
    """
    documents: dict[str, dict[str, str]] = {}
    for place, raw in _rows(folder / "dialogue"):
        row = mapping(raw, place, "user_id", "dialogue_id", "user", "assistant")
        mine = documents.setdefault(text(row["user_id"], place), {})
        id = text(row["dialogue_id"], place)
        said = f"user: {text(row['user'], place)}\nassistant: {text(row['assistant'], place)}"
        mine[id] = f"{mine[id]}\n{said}" if id in mine else said
    return finding.joined(documents, list(_questions(folder / "qa", documents)))


def _rows(folder: Path, part: str = "") -> Iterator[tuple[str, Any]]:
    paths = sorted(p for p in folder.glob("*.jsonl*") if part in p.name)
    found = [row for path in paths for row in lines(path)]
    if not found:
        what = f"no rows of a split with {part!r} in its name" if part else "no rows are in it"
        raise BadInput(folder, what, f"They come from {CARD.source}")
    yield from found


def _questions(folder: Path, documents: dict[str, dict[str, str]]) -> Iterator[tuple[str, Question]]:
    for place, raw in _rows(folder, "test"):
        row = mapping(raw, place, *ASKED)
        user = text(row["user_id"], place)
        if user not in documents:
            raise BadInput(place, f"the user {user!r} has no dialogues", "Write every split of `dialogue`")
        wanted = tuple(text(id, place) for id in listing(row["dialogue_id"], place))
        said, answer = text(row["question"], place), text(row["personalized_answer"], place)
        yield place, Question(user, text(row["type"], place), said, answer, wanted)


count = finding.count


def measure(data: Histories, encoder: Encoder | None) -> Iterator[Row]:
    """BM25 over the user's dialogues."""
    del encoder  # 1,500 users with 17,000 words each would be encoded for hours
    yield from finding.measure(data)
