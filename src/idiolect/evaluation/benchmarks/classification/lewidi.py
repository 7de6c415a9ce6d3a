"""LeWiDi (Leonardelli et al. 2023, 2025): texts on which named annotators disagree; each one's own label."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks.annotators import Judgement, Set
from idiolect.evaluation.benchmarks.annotators import measure as judged
from idiolect.evaluation.benchmarks.card import Card, digest
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

SETS = ("MD-Agreement", "HS-Brexit", "ConvAbuse", "MultiPICo-en")
CARD = Card(
    title="LeWiDi",
    source="github.com/Le-Wi-Di/le-wi-di.github.io",
    version="45d7b06e4c36b59472d6bdf9281f7f1e395eb0e0",
    licence="ConvAbuse and MultiPICo CC BY 4.0; MD-Agreement and HS-Brexit unstated",
    split="train against dev; MultiPICo-en has one file, texts with md5(valid/id) % 10 of 8 or 9 are measured",
    protocol="one judgement a row; ConvAbuse 1 below severity 0; accuracy and macro F1, also as means over annotators",
    files=(
        *(f"{s}/{s}_{part}.json" for s in SETS[:3] for part in ("train", "dev")),
        "MultiPICo-en/MP_dev.json",
    ),
    tolerance=0.01,
)
SHOWN = 10


def read(folder: Path) -> dict[str, Set]:
    """Raises:
    BadInput: an item lacks a field, or has not one label an annotator.
    """
    return {name: one(folder, name) for name in SETS}


def one(folder: Path, name: str) -> Set:
    """One of the sets, by its name in `SETS`.

    Raises:
        BadInput: as `read`.
    """
    if name == "MultiPICo-en":
        mixed = _judgements(folder, "MultiPICo-en/MP_dev.json", name)
        late = {j.item for j in mixed if digest(f"valid/{j.item}") % 10 >= 8}
        train, test = (tuple(j for j in mixed if (j.item in late) == wanted) for wanted in (False, True))
        return Set(train, test, {})
    parts = [_judgements(folder, f"{name}/{name}_{part}.json", name) for part in ("train", "dev")]
    return _cooled(*parts) if name == "MD-Agreement" else Set(parts[0], parts[1], {})


def _judgements(folder: Path, file: str, name: str) -> tuple[Judgement, ...]:
    items = mapping(CARD.document(folder, file), folder / file)
    return tuple(j for key, raw in items.items() for j in _item(key, raw, f"{folder / file}, item {key}", name))


def _item(key: str, raw: object, place: str, name: str) -> Iterator[Judgement]:
    item = mapping(raw, place, "text", "annotators", "annotations")
    people = [a.strip() for a in text(item["annotators"], place).split(",")]
    given = item["annotations"]
    labels = [str(given.get(p, "")) for p in people] if isinstance(given, dict) else str(given).split(",")
    try:
        numbers = [int(float(label)) for label in labels]
    except ValueError as error:
        raise BadInput(place, f"a label is no number ({error})", f"Take the file of version {CARD.version}") from error
    if len(numbers) != len(people):
        raise BadInput(place, f"{len(numbers)} labels of {len(people)} annotators", "Fetch the file again")
    said = _said(item["text"])
    for person, number in zip(people, numbers, strict=True):
        yield Judgement(key, said, person, int(number < 0) if name == "ConvAbuse" else number)


def _said(raw: Any) -> str:
    """The text itself; of a dialogue its turns, one a line."""
    if isinstance(raw, str) and raw.startswith("{"):
        raw = json.loads(raw)
    return "\n".join(str(v) for v in raw.values()) if isinstance(raw, dict) else str(raw)


def _cooled(train: Sequence[Judgement], test: Sequence[Judgement]) -> Set:
    """A fifth of the annotators show only ten of their training labels."""
    known = {j.annotator for j in train}
    cold = {a for a in known if digest(f"cold/{a}") % 5 == 0}
    kept = [j for j in train if j.annotator not in cold]
    for person in sorted(cold):
        mine = sorted((j for j in train if j.annotator == person), key=lambda j: digest(f"{j.item}/{j.annotator}"))
        kept += mine[:SHOWN]
    groups = {"warm": frozenset(known - cold), "cold": frozenset(cold)}
    return Set(tuple(kept), tuple(test), groups)


def count(data: Mapping[str, Set]) -> dict[str, int]:
    """What is in it; of MD-Agreement after the cold annotators' labels were hidden."""
    found = {}
    for name, part in data.items():
        found[f"{name} train"], found[f"{name} measured"] = len(part.train), len(part.test)
    return found | {"annotators": sum(len({j.annotator for j in (*p.train, *p.test)}) for p in data.values())}


def measure(data: Mapping[str, Set], encoder: Encoder | None) -> Iterator[Row]:
    """Baselines and ours, set by set."""
    del encoder
    for name, part in data.items():
        yield from judged(part.train, part.test, part.groups, name)
