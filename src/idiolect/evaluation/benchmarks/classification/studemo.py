"""StudEmo (Ngo et al. 2022): the emotions that a text stirs in each of twenty readers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.evaluation.benchmarks.annotators import Judgement, Set
from idiolect.evaluation.benchmarks.annotators import measure as judged
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="StudEmo",
    source="github.com/ChrisIsKing/Parameter-Efficient-Personalization, data/studemo",
    version="555d7add8c32511ba5e62e4afdc702ecd6df5467",
    licence="none stated there; CLARIN-PL publishes it for research",
    split="texts with md5(valid/text) % 10 of 8 or 9 are measured; four annotators show only ten training ratings",
    protocol="a rating of 1 or more; accuracy and macro F1, also as means over annotators, warm and cold apart",
    files=("annotation_data.csv", "text_data.csv"),
    tolerance=0.01,
)
EMOTIONS = ("joy", "anger", "sadness")
COLD, SHOWN = 4, 10


@dataclass(frozen=True, slots=True)
class Rating:
    """One reader's ratings of one text, by emotion."""

    item: str
    text: str
    annotator: str
    scale: dict[str, float]


def read(folder: Path) -> list[Rating]:
    """Raises:
    BadInput: a column is missing, a rating is no number, or its text is not there.
    """
    texts = {r["text_id"]: r["text"] for r in CARD.table(folder, "text_data.csv", "text_id", "text")}
    rows = CARD.table(folder, "annotation_data.csv", "text_id", "annotator_id", *EMOTIONS)
    found = []
    for number, row in enumerate(rows, 2):
        place = f"{folder / 'annotation_data.csv'}, line {number}"
        if row["text_id"] not in texts:
            raise BadInput(place, f"no text has the id {row['text_id']!r}", "Take both files of one version")
        try:
            scale = {e: float(row[e]) for e in EMOTIONS}
        except ValueError as error:
            raise BadInput(place, str(error), "Fetch the file again") from error
        found.append(Rating(row["text_id"], texts[row["text_id"]], row["annotator_id"], scale))
    return found


def count(data: Sequence[Rating]) -> dict[str, int]:
    """What is in it."""
    return {"ratings": len(data), "annotators": len({r.annotator for r in data}), "texts": len({r.item for r in data})}


def split(data: Sequence[Rating], emotion: str) -> Set:
    """Who felt one of `EMOTIONS` at all; of cold annotators ten training ratings are left."""
    people = sorted({r.annotator for r in data}, key=lambda a: digest(f"cold/{a}"))
    cold = frozenset(people[:COLD])
    test = [r for r in data if digest(f"valid/{r.item}") % 10 >= 8]
    train = [r for r in data if digest(f"valid/{r.item}") % 10 < 8]
    for person in cold:
        mine = sorted((r for r in train if r.annotator == person), key=lambda r: digest(f"{r.item}/{r.annotator}"))
        dropped = {r.item for r in mine[SHOWN:]}
        train = [r for r in train if r.annotator != person or r.item not in dropped]
    felt = [
        [Judgement(r.item, r.text, r.annotator, int(r.scale[emotion] >= 1)) for r in part] for part in (train, test)
    ]
    return Set(tuple(felt[0]), tuple(felt[1]), {"warm": frozenset(people[COLD:]), "cold": cold})


def measure(data: Sequence[Rating], encoder: Encoder | None) -> Iterator[Row]:
    """Baselines and ours for each emotion."""
    del encoder
    for emotion in EMOTIONS:
        part = split(data, emotion)
        yield from judged(part.train, part.test, part.groups, emotion)
