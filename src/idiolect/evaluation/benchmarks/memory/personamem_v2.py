"""PersonaMem-v2 (Jiang et al. 2025): replies to a user who never stated his preference, but let it be seen."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import document, listing, mapping, text
from idiolect.evaluation.benchmarks import choosing
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.choosing import Choice
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PersonaMem-v2",
    source="huggingface.co/datasets/bowen-upenn/PersonaMem-v2, with the histories that the table names; "
    "github.com/bowen-upenn/PersonaMem-v2",
    version="columns as inference.py (13c031ee2cd2cb445bddf9669d69cdbc37e3d2df) and verl_custom/data_preprocess_rft.py "
    "(062234211a02f2913415d6a49975660f80346ef3) read them, histories as in 20ccd45794424070f43b661219237988ffd1ee01",
    licence="CC BY 4.0 (the data set's page)",
    split="benchmark/text/benchmark.csv, the histories of 32k tokens, all questions",
    protocol="accuracy over the right and the wrong replies, by kind of preference; the persona in the history's "
    "system message is not read, for it states what has to be inferred",
    files=("benchmark/text/benchmark.csv",),
)
COLUMNS = ("persona_id", "chat_history_32k_link", "user_query", "correct_answer", "incorrect_answers", "pref_type")
RECENT = 40  # messages of the user that likeness is measured to


def read(folder: Path) -> list[Choice]:
    """Raises:
    BadInput: a column or history is missing, or wrong answers cannot be read.
    """
    path = folder / CARD.files[0]
    histories: dict[str, str] = {}
    found = []
    for i, row in enumerate(CARD.table(folder, CARD.files[0], *COLUMNS)):
        place, link = f"{path}, question {i}", row["chat_history_32k_link"]
        if link not in histories:
            histories[link] = _said(folder, link, place)
        wrong = [text(w, place) for w in listing(_value(row["incorrect_answers"], place), place)]
        if not wrong or not row["correct_answer"]:
            raise BadInput(place, "no right answer beside wrong ones", "Fetch the file again")
        options, right = choosing.shuffled(row["correct_answer"], wrong, f"{row['persona_id']}/{row['user_query']}")
        found.append(Choice(row["persona_id"], row["pref_type"], histories[link], options, right))
    return found


def _said(folder: Path, link: str, place: str) -> str:
    path = (folder / link).resolve()
    if not link or not path.is_relative_to(folder.resolve()) or not path.is_file():
        raise BadInput(place, f"its history {link!r} is not there", f"It comes from {CARD.source}")
    messages = listing(mapping(document(path), path, "chat_history")["chat_history"], path)
    turns = [mapping(m, path, "role", "content") for m in messages]
    return " ".join([str(t["content"]) for t in turns if t["role"] == "user"][-RECENT:])


def _value(said: str, place: str) -> Any:
    """What a cell holds: JSON in one version of the table, a Python value in another."""
    try:
        return json.loads(said)
    except json.JSONDecodeError:
        try:
            return ast.literal_eval(said)
        except (ValueError, SyntaxError) as error:
            raise BadInput(place, f"{said[:40]!r} is no list of answers", "Fetch the file again") from error


def count(data: Sequence[Choice]) -> dict[str, int]:
    """What is in it."""
    return {"questions": len(data), "people": len({c.owner for c in data}), "kinds": len({c.part for c in data})}


def measure(data: Sequence[Choice], encoder: Encoder | None) -> Iterator[Row]:
    """Without a reader: the reply most like what the user said, by kind of preference."""
    del encoder
    yield from choosing.measure(data)
