"""WikiPersona (Tang et al. 2025; "famous persona" in its repository): what fifty well-known people would prefer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks import pairs
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.pairs import Pair
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

FILE = "50p_200d_total_50r_tem2.0_top0.8_cot_filtered20m4k_yl-random_cot_annotated.json"
CARD = Card(
    title="WikiPersona",
    source="github.com/PootieT/famous-persona, data/pp-50-final (git lfs); fields as in its "
    "analysis/get_dataset_statistics.py",
    version="544cc3b9559f02ddd74b819d0a23b7a1f0e5e6cc",
    licence="MIT",
    split="the published train and test halves; questions of one person, and such that several are asked",
    protocol="pairwise accuracy on the test half, personal and common questions apart; rewards are learnt from the "
    "train half, that of all from people of other folds; preferences are a model's guesses of real people's",
    files=(f"train_{FILE}", f"test_{FILE}"),
)
FIELDS = ("name", "prompt", "yw", "yl", "question_type")
KINDS = ("personal", "common")


def read(folder: Path) -> dict[str, tuple[Pair, ...]]:
    """By half, `train` and `test`.

    Raises:
        BadInput: a line lacks a field, or its question is of no known type.
    """
    halves = {file.partition("_")[0]: tuple(_pair(*line) for line in CARD.lines(folder, file)) for file in CARD.files}
    for (half, found), file in zip(halves.items(), CARD.files, strict=True):
        if not found:
            raise BadInput(folder / file, f"the {half} half holds no pair", "Fetch it with git lfs pull")
    return halves


def _pair(place: str, raw: object) -> Pair:
    item = mapping(raw, place, *FIELDS)
    name, prompt, chosen, rejected, kind = (text(item[f], place) for f in FIELDS)
    if kind not in KINDS:
        raise BadInput(
            place, f"no question type {kind!r}", f"Known are {', '.join(KINDS)}: take version {CARD.version}"
        )
    return Pair(name, prompt, chosen, rejected, kind)


def count(data: Mapping[str, Sequence[Pair]]) -> dict[str, int]:
    """What is in it."""
    people = {p.person for half in data.values() for p in half}
    return {"people": len(people), **{f"{half} pairs": len(found) for half, found in data.items()}}


def measure(data: Mapping[str, Sequence[Pair]], encoder: Encoder | None) -> Iterator[Row]:
    """The longer reply, one reward for all; ours: one a person, and another person's beside."""
    del encoder
    yield from pairs.measure(data["train"], data["test"])
