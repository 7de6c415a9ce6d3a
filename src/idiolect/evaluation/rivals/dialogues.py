"""LoCoMo's dialogues as a load: every turn is kept, every so-many-th question with evidence is asked.

A turn is known by its text, as some systems give nothing else back: of turns with the same words any one is right.
"""

from __future__ import annotations

from pathlib import Path

from idiolect.core.types import Turn
from idiolect.evaluation.benchmarks.memory import locomo
from idiolect.evaluation.rivals.load import Asked, Load, Said


def read(folder: Path, every: int = 1) -> Load:
    """One user a dialogue; questions are counted over all dialogues.

    Raises:
        BadInput: the folder holds no `locomo.json(.gz)`, or it cannot be read; names the place.
    """
    data = locomo.read(folder)
    turns = {(user, t.id): t for user, told in data.people.items() for t in told if isinstance(t, Turn)}
    said = {
        user: tuple(Said(t.text, t.session, t.time) for t in told if isinstance(t, Turn))
        for user, told in data.people.items()
    }
    asked = []
    for question in [q for q in data.questions if q.evidence][::every]:
        proof = [turns[question.user, id] for id in question.evidence]
        texts = tuple(dict.fromkeys(t.text for t in proof))
        asked.append(Asked(question.user, question.query.text, texts, frozenset(t.session for t in proof)))
    return Load(said, tuple(asked))
