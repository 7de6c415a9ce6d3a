"""PersonalLLM (Zollo et al. 2024): simulated people, each a mixture of ten reward models, with a short past."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks import pairs
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.pairs import Pair
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

CARD = Card(
    title="PersonalLLM",
    source="huggingface.co/datasets/namkoong-lab/PersonalLLM_Eval, split test, written as JSON lines; fields as in its "
    "card and in github.com/namkoong-lab/PersonalLLM (2f8a956), data/gen_pref_interaction_database.py",
    version="cb749af95f2e90e15ecbf379b348815ef2899a12",
    licence="CC BY 4.0 (of namkoong-lab/PersonalLLM, from which it is drawn)",
    split="the past of all people; five folds of people by md5",
    protocol="which reply of the past a person chose, each pair predicted from his other pairs; replies to the test "
    "prompt want a generating model and the ten reward models",
    files=("test.jsonl",),
)
SIDES = {"a": "b", "b": "a"}


@dataclass(frozen=True, slots=True)
class Person:
    """What he chose before, and what he asks now."""

    id: str
    past: tuple[Pair, ...]
    prompt: str


def read(folder: Path) -> list[Person]:
    """Raises:
    BadInput: a line lacks a field that its length of the past promises, or its choice is neither a nor b.
    """
    found = [_person(*line) for line in CARD.lines(folder, CARD.files[0])]
    if not found:
        raise BadInput(folder / CARD.files[0], "it holds nobody", "Write the split test as JSON lines")
    return found


def _person(place: str, raw: object) -> Person:
    item = mapping(raw, place, "person_id", "user_history_length", "test_prompt")
    length = item["user_history_length"]
    if isinstance(length, bool) or not isinstance(length, (int, float)) or not math.isfinite(length) or length < 1:
        raise BadInput(place, f"the length of the past is {length!r}", f"Take version {CARD.version}")
    person = text(item["person_id"], place)
    past = tuple(_pair(item, person, n, place) for n in range(1, int(length) + 1))
    return Person(person, past, text(item["test_prompt"], place))


def _pair(item: dict[str, object], person: str, number: int, place: str) -> Pair:
    prompt, chosen = f"prompt_{number}", f"chosen_{number}"
    mapping(item, place, prompt, chosen, *(f"response_{number}_{side}" for side in SIDES))
    side = item[chosen]
    if not isinstance(side, str) or side not in SIDES:
        raise BadInput(place, f"{chosen} is {side!r}, neither a nor b", f"Take the file of version {CARD.version}")
    better, worse = (text(item[f"response_{number}_{s}"], place) for s in (side, SIDES[side]))
    return Pair(person, text(item[prompt], place), better, worse)


def count(data: Sequence[Person]) -> dict[str, int]:
    """What is in it."""
    return {"people": len(data), "pairs": sum(len(p.past) for p in data)}


def measure(data: Sequence[Person], encoder: Encoder | None) -> Iterator[Row]:
    """The longer reply, one reward for all; ours: one a person, and another person's beside."""
    del encoder
    past = [pair for person in data for pair in person.past]
    yield from pairs.measure(past, past)
