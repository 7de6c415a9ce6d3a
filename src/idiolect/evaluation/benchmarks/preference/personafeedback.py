"""PersonaFeedback (Tao et al. 2025): which of two replies suits a stated persona better, as people judged it?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from idiolect.core.errors import BadInput
from idiolect.data.readers.text import mapping, text
from idiolect.evaluation.benchmarks import choosing
from idiolect.evaluation.benchmarks.card import Card
from idiolect.evaluation.benchmarks.choosing import Choice
from idiolect.evaluation.benchmarks.rows import Row
from idiolect.retrieval.protocol import Encoder

TRACKS = ("general", "spedific")  # so upstream spells it
TIERS = ("easy", "medium", "hard")
PERSONAS = "persona/all_personas.jsonl"
CARD = Card(
    title="PersonaFeedback",
    source="huggingface.co/datasets/PersonalAILab/PersonaFeedback",
    version="785d590 of the data set; fields as benchmark/personalization_verified/personafeedback/prepare.py of "
    "github.com/valleysprings/EvoSkill-Foundry, 1a5b78335054038f3979de706b2b8dee019752d4, reads them",
    licence="Apache-2.0 (the data set's page)",
    split="all 8,298 pairs: general and specific questions, each easy, medium and hard",
    protocol="accuracy over pairs, by track and tier; a user's persona is the line of that number",
    files=(PERSONAS, *(f"data/{track}/{tier}.jsonl" for track in TRACKS for tier in TIERS)),
)


def read(folder: Path) -> list[Choice]:
    """Raises:
    BadInput: a row lacks a field, or its user has no persona.
    """
    people = {str(n): _flat(mapping(raw, p), p) for n, (p, raw) in enumerate(CARD.lines(folder, PERSONAS), 1)}
    found = []
    for track in TRACKS:
        for tier in TIERS:
            for place, raw in CARD.lines(folder, f"data/{track}/{tier}.jsonl"):
                row = mapping(raw, place, "user_id", "question", "chosen", "reject")
                user = text(row["user_id"], place)
                if user not in people:
                    raise BadInput(place, f"no persona is on line {user!r}", f"Take {PERSONAS} of the same version")
                question, chosen, reject = (text(row[f], place) for f in ("question", "chosen", "reject"))
                options, right = choosing.shuffled(chosen, [reject], f"{user}/{question}")
                found.append(Choice(user, f"{track} {tier}", people[user], options, right))
    return found


def _flat(raw: object, place: str) -> str:
    """A persona's texts, one after the other, without the names of its fields."""
    if isinstance(raw, dict):
        return " ".join(_flat(value, place) for value in raw.values())
    if isinstance(raw, list):
        return " ".join(_flat(value, place) for value in raw)
    return "" if raw is None else text(raw, place)


def count(data: Sequence[Choice]) -> dict[str, int]:
    """What is in it."""
    return {"pairs": len(data), "people": len({c.owner for c in data})}


def measure(data: Sequence[Choice], encoder: Encoder | None) -> Iterator[Row]:
    """Without a judge: the reply most like the persona, by track and tier."""
    del encoder
    yield from choosing.measure(data)
