"""ImplexConv (Li et al. 2025): what bears on a question lies in a conversation that shares hardly a word with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import listing, mapping, text
from idiolect.evaluation.benchmarks import finding
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.finding import Histories, Question
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="ImplexConv",
    source="huggingface.co/datasets/Kaylee0501/ImplexConv; github.com/Kaylee0501/ImplexConv",
    version="814 supportive and 1,550 opposed examples; fields as tests/bench/implex_conv.py of "
    "github.com/plastic-labs/honcho, 87e58facf887cc19e67496fda577933e6733827a, reads them",
    licence="MIT (the data set's page)",
    split="both files, every question",
    protocol="the conversations that bear on it among the example's own: recall@5, recall@10, MRR, by file",
    files=("ImplexConv_opposed.json", "ImplexConv_supportive.json"),
)


def read(folder: Path) -> Histories:
    """Raises:
    BadInput: an example lacks a field, or many refer to conversations that are not there.
    """
    documents: dict[str, dict[str, str]] = {}
    asked: list[tuple[str, Question]] = []
    for file in CARD.files:
        kind = file.removeprefix("ImplexConv_").removesuffix(".json")
        raw = CARD.document(folder, file)
        if not isinstance(raw, list) or not raw:
            raise BadInput(folder / file, "no list of examples", "Take the file itself, not rows made of it")
        for i, entry in enumerate(raw):
            place, owner = f"{folder / file}, example {i}", f"{kind}-{i}"
            item = mapping(entry, place, "conversation", "qa")
            said = mapping(item["conversation"], place).items()
            documents[owner] = {id: text(conversation, place) for id, conversation in said}
            asked += [(place, _question(owner, kind, q, place)) for q in listing(item["qa"], place)]
    return finding.joined(documents, asked)


def _question(owner: str, kind: str, raw: object, place: str) -> Question:
    item = mapping(raw, place, "question", "answer", "retrieved_conv_ids")
    wanted = tuple(text(id, place) for id in listing(item["retrieved_conv_ids"], place))
    return Question(owner, kind, text(item["question"], place), text(item["answer"], place), wanted)


count = finding.count


def measure(data: Histories, encoder: Encoder | None) -> Iterator[Row]:
    """BM25 over the example's conversations."""
    del encoder  # a quarter of a million conversations would be encoded for days
    yield from finding.measure(data)
